import { expect } from 'chai';
import type { Database } from '../clients/data-stores/database.ts';
import type { Models } from '../fixtures/programs/programs.ts';
import {
  differences,
  readContent,
  readRevisions,
  readSchema,
  readTables,
  tableLines,
} from '../fixtures/programs/schema.ts';

/** Expects a database at head: alembic's table has the only head of the image's migrations. */
export async function expectHead(database: Database, { heads }: Models): Promise<void> {
  expect(heads, 'heads of the migrations').to.have.length(1);
  expect(await readRevisions(database), 'revision of the database').to.deep.equal(heads);
}

/** Expects exactly the tables, columns and nullability of the models. */
export async function expectAsNamed(database: Database, models: Models): Promise<void> {
  const found = tableLines(await readTables(database));
  const wrong = differences(
    { name: 'models', lines: tableLines(models.tables) },
    { name: 'database', lines: found },
  );
  expect(wrong, wrong.join('; ')).to.deep.equal([]);
  expect(found.length).to.be.greaterThan(10);
}

/** Repeats an operation, and expects an unchanged database. */
export async function expectNoChange(database: Database, again: () => Promise<unknown>): Promise<void> {
  const look = async () => ({
    revisions: await readRevisions(database),
    schema: await readSchema(database),
    content: await readContent(database),
  });
  const before = await look();
  await again();
  expect(await look()).to.deep.equal(before);
}
