const encoded = (text: string) => Buffer.from(text).toString('base64');

/** Texts that are no cursor: they must be refused. */
export const NO_CURSORS = ["'x", "' OR '1'='1", '☃', encoded("cursor:v9:'; --"), encoded('x')];
/** Cursors of no row: what such a page holds is not said. */
export const FOREIGN_CURSORS = [encoded('cursor:v1:no-such-row'), encoded("cursor:v1:' OR '1'='1")];

/** Lists of the older API that a page can be asked of without further arguments. */
export const OLDER_LISTS = [
  'group_nodes',
  'user_nodes',
  'domain_nodes',
  'vfolder_nodes',
  'compute_session_nodes',
  'container_registry_nodes',
  'networks',
  'model_cards',
] as const;

/** What Backend.AI 26.9.6 does wrong: tests of their own show it (suites/api/known-issues.ts), so that others show what is new. */
export const WRONG = {
  /** Lists that take any text for a cursor. */
  anyCursor: [
    'objectStorages',
    'vfsStorages',
    'huggingfaceRegistries',
    'reservoirRegistries',
    'adminEntities',
    'adminRoleInvitations',
    'myRoleInvitations',
    'mySentRoleInvitations',
  ],
  /** Lists that refuse the cursors that they give. */
  ownCursor: [
    'adminUserFairShares',
    'userFairShares',
    'adminDomainFairShares',
    'domainFairShares',
    'adminProjectFairShares',
    'projectFairShares',
  ],
  /** Lists that refuse every order. */
  unsorted: ['adminResourcePresetsV2'],
  /** Types whose objects have an id by which they are not found. */
  notById: [
    'ReplicaGroupHistory',
    'DomainFairShare',
    'ProjectFairShare',
    'UserFairShare',
    'DomainUsageBucket',
    'ProjectUsageBucket',
    'UserUsageBucket',
    'LoginSessionV2',
    'LoginHistoryV2',
    'RolePreset',
    'KeyPairV2',
    'KeypairResourcePolicyV2',
    'UserResourcePolicyV2',
    'ProjectResourcePolicyV2',
    'ResourcePresetV2',
    'RuntimeVariant',
    'VFolder',
  ],
} as const;

/** Whether one of the wrong ones is meant. */
export function isWrong(list: readonly string[], name: string): boolean {
  return list.includes(name);
}
