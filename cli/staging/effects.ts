import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { FIELD_MANAGERS } from '@backendai-e2e/api/group';
import { loadKubeconfig } from '@backendai-e2e/kube/kubeconfig';
import { type RestApi, RestClient } from '@backendai-e2e/kube/rest-client';
import { stringify } from 'yaml';
import { buildImages } from '../images/build.ts';
import { pushedRef } from '../images/push.ts';
import { CommandError, command } from '../machine/command.ts';
import { ensureEngine } from '../machine/engine.ts';
import { PROJECT_ROOT, type Provision } from '../machine/provision.ts';
import { ensureTool } from '../machine/tools.ts';
import { MADE_BY, STAGING, type StagingNamespaces } from './names.ts';
import type { StagingImages } from './objects.ts';

/** The cluster of a staging run, as its user has it. */
export interface Target {
  kubeconfig: string;
  /** Left out: the file's current context. */
  context?: string;
  namespaces: StagingNamespaces;
}

/** Where the images of operator and suites are pulled from. */
export type ImageChoice = StagingImages | { registry: string };

/** What a staging run does apart from talking to the API server. */
export interface StagingEffects {
  connect(): Promise<RestApi>;
  images(p: Provision): Promise<StagingImages>;
  /** Helm install or upgrade; does not wait for pods. */
  install(values: object, p: Provision): Promise<void>;
  /** Helm uninstall. No release is no error. */
  uninstall(p: Provision): Promise<void>;
}

const HELM_SECONDS = 120;

/** The real effects. `valuesFile`: further values of charts/e2e-operator, under those of the command itself. */
export function stagingEffects(
  target: Target,
  images: ImageChoice | undefined,
  valuesFile?: string,
): StagingEffects {
  const { namespaces } = target;
  const cluster = [
    ...['--kubeconfig', path.resolve(target.kubeconfig)],
    ...(target.context ? ['--kube-context', target.context] : []),
    ...['--namespace', namespaces.test],
  ];
  return {
    connect: async () => new RestClient(loadKubeconfig(target), { fieldManager: FIELD_MANAGERS.cli }),
    images: async (p) => {
      if (!images) throw new Error('no images were given');
      if ('operator' in images) return images;
      await ensureEngine(p);
      const refs = await buildImages(['operator', 'suites'], p);
      return {
        operator: pushedRef(images.registry, refs.operator),
        suites: pushedRef(images.registry, refs.suites),
      };
    },
    install: async (values, p) => {
      const helm = await ensureTool('helm', p);
      const folder = path.join(PROJECT_ROOT, STAGING.out);
      const file = path.join(folder, 'operator-values.yaml');
      await mkdir(folder, { recursive: true });
      await writeFile(file, stringify(values));
      const own = valuesFile === undefined ? [] : ['--values', path.resolve(valuesFile)];
      const mark = ['--labels', `${MADE_BY.label}=${MADE_BY.value}`];
      const chart = path.join(PROJECT_ROOT, STAGING.chart);
      await command(
        p,
        helm,
        ['upgrade', '--install', STAGING.release, chart, ...cluster, ...own, '--values', file, ...mark],
        { timeoutSeconds: HELM_SECONDS, log: 'staging-helm', remedy: 'read what helm says above' },
      );
    },
    uninstall: async (p) => {
      const helm = await ensureTool('helm', p);
      try {
        await command(p, helm, ['uninstall', STAGING.release, ...cluster, '--ignore-not-found'], {
          timeoutSeconds: HELM_SECONDS,
          log: 'staging-helm-uninstall',
        });
      } catch (error) {
        // What helm cannot undo (a release that was cut in its middle) is deleted one by one afterwards.
        if (!(error instanceof CommandError)) throw error;
        p.log(`helm could not uninstall: ${error.tail.split('\n').at(-1) ?? error.message}`);
      }
      await rm(path.join(PROJECT_ROOT, STAGING.out, 'operator-values.yaml'), { force: true });
    },
  };
}
