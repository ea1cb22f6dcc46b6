/** 500 failures of 5 KiB each: ten times what a report may hold. */
describe('flood', () => {
  for (let number = 1; number <= 500; number += 1) {
    it(`number ${number}`, () => {
      throw new Error(`number ${number} ${'x'.repeat(5 * 1024)}`);
    });
  }
});
