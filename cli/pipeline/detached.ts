/** The connection is lost while a run continues in the cluster. Exit code 2. */
export class Detached extends Error {
  override readonly name = 'Detached';
  readonly remedy: string;
  constructor(run: string, attachCommand: string, cause: Error) {
    super(`the connection to the cluster is lost (${cause.message}); TestRun ${run} continues there`, {
      cause,
    });
    this.remedy = `when the cluster can be reached again, "${attachCommand}" follows the run to its end, fetches its results and removes everything`;
  }
}
