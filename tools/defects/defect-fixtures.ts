/** A list with one defect, for tests. */
export const ONE_DEFECT = `
defects:
  - name: manager-lies
    component: manager
    kind: false answer
    wrong: It lies.
    module: ai.backend.manager.truth
    replace: return True
    with: return False
    suites: [a-b]
    says: truth
`;
