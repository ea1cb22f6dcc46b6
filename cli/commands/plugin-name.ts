/** The name under which kubectl starts the command (`kubectl e2e`); in E2E_CALLED_AS. */
export const AS_PLUGIN = 'kubectl-e2e';
