/** Sample of the runner's specs: a test that never ends, and a clean-up that must still run. */
describe('hanging sample', () => {
  after('cleans up', () => {
    process.stdout.write('sample cleaned up\n');
  });
  it('passes first', () => undefined);
  it('hangs', () => new Promise<void>(() => undefined)).timeout(0);
  it('comes after it', () => undefined);
});
