import { readFileSync } from 'node:fs';
import path from 'node:path';
import { RESULTS } from '@backendai-e2e/cli/collect/results-folder';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import { Ajv } from 'ajv';
import { expect } from 'chai';
import { parse } from 'yaml';
import { workflowTroubles } from './github-workflow.ts';
import { GITLAB_SCHEMA } from './gitlab-schema.ts';

const read = (name: string) => readFileSync(path.join(PROJECT_ROOT, 'docs/guides/ci', name), 'utf8');

describe('the files for CI, parsed as their systems parse them', () => {
  describe('GitHub', () => {
    const workflow = read('github-actions.yaml');

    it('is accepted', async () => {
      expect(await workflowTroubles('e2e.yaml', workflow)).to.deep.equal([]);
    });

    const mistakes: [string, string, RegExp][] = [
      ['runs-on:', 'run-on:', /Required property is missing: runs-on/],
      ['timeout-minutes: 120', 'timeout-minutes: soon', /Unexpected value 'soon'/],
      ['github.event_name', 'nobody.event_name', /Unrecognized named-value: 'nobody'/],
      ['permissions:', 'permission:', /Unexpected value 'permission'/],
      ["'package-lock.json') }}", "'package-lock.json' }}", /Col: 16\): Unexpected/],
    ];
    for (const [right, wrong, message] of mistakes) {
      it(`refuses "${wrong}"`, async () => {
        expect(workflow).to.include(right);
        const troubles = await workflowTroubles('e2e.yaml', workflow.replace(right, wrong));
        expect(troubles.join('\n')).to.match(message);
      });
    }
  });

  describe('GitLab', () => {
    const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(GITLAB_SCHEMA);
    const file = read('gitlab-ci.yaml');
    const troublesWith = (text: string) => {
      validate(parse(text));
      return (validate.errors ?? []).map(
        ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
      );
    };

    it('is accepted', () => {
      expect(troublesWith(file)).to.deep.equal([]);
    });

    it('takes the tests of a merge request and the link to the page from files that a job writes', () => {
      const { reports, paths } = parse(file).kind.artifacts;
      expect(Object.keys(reports).sort()).to.deep.equal(['annotations', 'junit']);
      expect(paths).to.deep.equal(['out/e2e']);
      const names = Object.values<string>(reports).map((report) => path.relative('out/e2e', report));
      expect(names.filter((name) => !RESULTS.includes(name))).to.deep.equal([]);
    });

    const mistakes: [string, string, RegExp][] = [
      ['  script:', '  scripts:', /must have required property 'script'/],
      ['timeout: 2 hours', 'timeout: soon', /\/kind\/timeout must match pattern/],
      ['expire_in: 2 weeks', 'expires_in: 2 weeks', /additional properties.*expires_in/],
      ['when: always', 'when: ever', /\/kind\/artifacts\/when must be equal/],
      ['junit: out', 'junits: out', /additional properties.*junits/],
      ['files: [versions.json, package-lock.json]', 'files: [a, b, c]', /must NOT have more than 2 items/],
    ];
    for (const [right, wrong, message] of mistakes) {
      it(`refuses "${wrong.trim()}"`, () => {
        expect(file).to.include(right);
        expect(troublesWith(file.replace(right, wrong)).join('\n')).to.match(message);
      });
    }
  });
});
