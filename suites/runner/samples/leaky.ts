import { readFileSync } from 'node:fs';
import { expect } from 'chai';

/** Sample of the runner's specs: a suite that says its connection's password wherever it can. */
const connection = JSON.parse(readFileSync(process.env.E2E_CONNECTION ?? '', 'utf8'));
const { password } = connection.postgres;

describe(`leaky sample ${password}`, () => {
  it(`has ${password} in its title`, () => undefined);
  it('prints', () => {
    console.log(`log ${password}`, { password });
    console.error(`error ${password}`);
    process.stdout.write(Buffer.from(`bytes ${password}\n`));
    process.emitWarning(`warning ${password}`);
  });
  it('fails', () => expect(password).to.equal('something else'));
  it('fails with a cause', () => {
    throw new Error(`outer ${password}`, { cause: new Error(`inner ${encodeURIComponent(password)}`) });
  });
  it('leaves a rejection behind', async () => {
    void Promise.reject(new Error(`rejected ${password}`));
    await new Promise((resolve) => setTimeout(resolve, 50));
  });
});
