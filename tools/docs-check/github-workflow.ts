import { registerHooks } from 'node:module';

/** What is wrong with a GitHub workflow, a sentence each, in the eyes of GitHub's own parser: keys, types, expressions. */
export async function workflowTroubles(name: string, content: string): Promise<string[]> {
  // The package is built for bundlers: it imports its JSON schema without a type attribute.
  const hooks = registerHooks({
    load: (url, context, next) =>
      next(url, url.endsWith('.json') ? { ...context, importAttributes: { type: 'json' } } : context),
  });
  try {
    const { NoOperationTraceWriter, parseWorkflow } = await import('@actions/workflow-parser');
    const { context } = parseWorkflow({ name, content }, new NoOperationTraceWriter());
    return context.errors.getErrors().map(({ message }) => message);
  } finally {
    hooks.deregister();
  }
}
