import { access, constants } from 'node:fs/promises';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { type Browser, chromium, type Page } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** There is no browser. Exit code 2. */
export class NoBrowser extends Error {
  override readonly name = 'NoBrowser';
  readonly code = COMMAND_EXIT.couldNotRun;
}

/**
 * Starts the Chromium of this machine: $E2E_CHROMIUM, else that of the system.
 * @throws NoBrowser with the command that installs it
 */
export async function startBrowser(): Promise<Browser> {
  const named = process.env.E2E_CHROMIUM;
  for (const executablePath of named ? [named] : PLACES) {
    const found = await access(executablePath, constants.X_OK).then(
      () => true,
      () => false,
    );
    // The sandbox of Chromium refuses to start as root.
    if (found) return chromium.launch({ executablePath, chromiumSandbox: process.getuid?.() !== 0 });
  }
  throw new NoBrowser(
    `no Chromium ${named ? `at ${named}` : 'on this machine'}: run "apt-get install chromium", or set E2E_CHROMIUM to one`,
  );
}

/** What a page did that no page of a run may do. */
export interface Misdeeds {
  list: string[];
}

/**
 * Watches for dialogs, requests, errors and new windows.
 * @param own start of the addresses that the page may ask for
 */
export function watch(page: Page, own = 'file:'): Misdeeds {
  const misdeeds: Misdeeds = { list: [] };
  const note = (what: string) => misdeeds.list.push(what.slice(0, 200));
  page.on('dialog', (dialog) => {
    note(`opened a dialog: ${dialog.message()}`);
    dialog.dismiss().catch((error: unknown) => note(String(error)));
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(own)) note(`asked for ${request.url()}`);
  });
  page.on('pageerror', (error) => note(`threw ${error.message}`));
  page.on('popup', () => note('opened a window'));
  page.on('console', (message) => {
    if (message.type() === 'error') note(`wrote to the console: ${message.text()}`);
  });
  return misdeeds;
}
