import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { SETTINGS_PAGE, settingsPage } from './settings-page.ts';

describe('the page of settings', () => {
  it('is up to date (run "make docs")', () => {
    expect(readFileSync(SETTINGS_PAGE, 'utf8')).to.equal(settingsPage());
  });
});
