import path from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { CHART } from '../../rendering/backend-ai.ts';

/** What the bootstrap does for a release (first), with a database that another noted (second). "fails": a step does. */
const CASES = {
  new: ['26.8.3', '', ''],
  'the same release': ['26.8.3', '26.8.3', ''],
  'an upgrade': ['26.9.6', '26.8.3', ''],
  'a failure': ['26.8.3', '', 'fails'],
} as const;

/** Runs the steps that fill the manager's database, on one that holds nothing but the note of a release. */
const RUN = `
import json, pathlib, sys, types

def fill(release, noted, fails):
    did, notes = [], [noted]
    def query(database, sql, *arguments):
        if sql.startswith("COMMENT"):
            notes.append(sql.split("'")[1])
        return [[notes[-1] or None]] if "shobj_description" in sql else []
    def rows():
        did.append("rows")
        if fails:
            raise ValueError("no room")
    manager = {"CONFIGURATION": "", "RELEASE": release, "WORK": pathlib.Path("."), "manager_cli": None, "query": query}
    sys.modules["manager"] = types.SimpleNamespace(**manager)
    sys.modules["first_rows"] = types.SimpleNamespace(STEPS={"accounts": rows})
    for name in ("database", "steps"):
        sys.modules.pop(name, None)
    import database
    database.manager_schema = lambda: did.append("schema")
    try:
        database.fill_manager_database()
    except Exception as error:
        did.append(type(error).__name__)
    return {"did": did, "note": notes[-1]}

cases = json.loads(sys.argv[1])
print("\\n" + json.dumps({name: fill(*given) for name, given in cases.items()}))
`;

describe('the first rows of the database', function () {
  this.timeout(60_000);
  let seen: Record<keyof typeof CASES, { did: string[]; note: string }>;
  before(async () => {
    const { stdout } = await execa('python3', ['-c', RUN, JSON.stringify(CASES)], {
      env: { PYTHONPATH: path.join(CHART, 'files/bootstrap'), PYTHONDONTWRITEBYTECODE: '1' },
    });
    seen = JSON.parse(stdout.split('\n').at(-1) ?? '');
  });

  it('are written to a new one, which then notes the release', () => {
    expect(seen.new).to.deep.equal({ did: ['schema', 'rows'], note: '26.8.3' });
  });
  it('are completed by the same release', () => {
    expect(seen['the same release']).to.deep.equal({ did: ['schema', 'rows'], note: '26.8.3' });
  });
  it('stay as the migrations leave them after an upgrade, also when it runs again', () => {
    expect(seen['an upgrade']).to.deep.equal({ did: ['schema'], note: '26.8.3' });
  });
  it('are not noted before they are complete', () => {
    expect(seen['a failure']).to.deep.equal({ did: ['schema', 'rows', 'StepFailed'], note: '' });
  });
});
