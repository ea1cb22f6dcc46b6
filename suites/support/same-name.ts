import type { Ledger } from './ledger.ts';
import { VFolders } from './vfolders.ts';
import { notYet, waitUntil } from './waiting.ts';
import type { World } from './world.ts';

/** Every vfolder of a name, whoever made it, as the database has it. */
export function foldersNamed({ database }: World, name: string): Promise<{ id: string; status: string }[]> {
  return database.rows('SELECT id, status FROM vfolders WHERE name = $1', [name]);
}

/** Has a ledger delete and forget every vfolder of a name. */
export function forgetFoldersNamed(world: World, name: string, ledger: Ledger): void {
  ledger.add(`vfolder ${name}`, async () => {
    for (const row of await foldersNamed(world, name)) {
      if (row.status === 'ready') await new VFolders(world.user.api).forceDelete(row.id);
    }
    const left = await waitUntil(
      `the content of ${name} to be deleted`,
      async () => {
        const rows = await foldersNamed(world, name);
        return rows.every((row) => row.status === 'delete-complete') ? rows : notYet(rows);
      },
      { deadlineSeconds: 50, everyMs: 200 },
    );
    for (const row of left) await new VFolders(world.admin.api).purge(row.id);
  });
}

/** Has a ledger end every session of a name. */
export function endSessionsNamed(world: World, name: string, ledger: Ledger): void {
  ledger.add(`sessions ${name}`, async () => {
    const rows = await world.database.rows<{ id: string }>('SELECT id FROM sessions WHERE name = $1', [name]);
    for (const row of rows) await world.endSession(row.id);
  });
}
