import { createHash } from 'node:crypto';
import { type ArtifactPlace, historyOwner, keyOf, pathTo } from '@backendai-e2e/api/artifact-key';
import { pastRun } from '@backendai-e2e/results/history/history-fixtures';
import { expect } from 'chai';
import { addToCluster, type ClusterHistory, readClusterHistory } from './cluster-history.ts';
import { historyBytes } from './history-file.ts';

const PROXY = '/api/v1/namespaces/operators/services/backendai-e2e-artifacts:http/proxy/artifacts';

/** An artifact server that answers with these places and bytes. */
function historyWith(stored: readonly { place: ArtifactPlace; bytes: Buffer }[]) {
  const put: string[] = [];
  const history: ClusterHistory = {
    ...{ namespace: 'runs', serverNamespace: 'operators', tokenSecret: 's' },
    signal: new AbortController().signal,
    client: {
      get: async <T>() => ({ data: { token: Buffer.from('secret').toString('base64') } }) as T,
      bytes: async (path: string, _signal, headers) => {
        expect(headers).to.deep.equal({ 'x-e2e-token': 'secret' });
        if (path === `${PROXY}/runs`) return Buffer.from(JSON.stringify(stored));
        const found = stored.find(({ place }) => path === `${PROXY}/${pathTo(place)}`);
        if (!found) throw new Error(`asked for ${path}`);
        return found.bytes;
      },
      putBytes: async (path: string) => {
        put.push(path);
        return Buffer.from('kept');
      },
    },
  };
  return { history, put };
}

function stored(day: number, bytes = historyBytes(JSON.stringify(pastRun(day, [])))) {
  const whole = historyBytes(JSON.stringify(pastRun(day, [])));
  const sha256 = createHash('sha256').update(whole).digest('hex');
  const key = keyOf({ sha256, omittedBytes: 0, file: `2026-01-0${day}t020000z-x.jsonl.gz` });
  return { place: { ...historyOwner('runs', pastRun(day, []).uid), key }, bytes };
}

describe('the history of a cluster', () => {
  it('leaves out a record that is not the one of its name', async () => {
    const other = historyBytes(JSON.stringify({ ...pastRun(2, []), name: 'forged' }));
    const { lines, troubles } = await readClusterHistory(historyWith([stored(1), stored(2, other)]).history);
    expect(lines.map(({ record }) => record?.name)).to.deep.equal(['run-1']);
    expect(troubles).to.deep.equal([
      '2026-01-02t020000z-x.jsonl.gz is left out: its SHA-256 is not the one of its name',
    ]);
  });

  it('asks for no other place than one of the history', async () => {
    const places = ['../../secrets', 'runs/other-report/x/y'].map((report) => ({
      ...stored(1),
      place: { ...stored(1).place, report },
    }));
    const { lines } = await readClusterHistory(historyWith(places).history);
    expect(lines).to.deep.equal([]);
  });

  it('takes what it lacks, and names a run that it cannot take', async () => {
    const { history, put } = historyWith([stored(1)]);
    const lines = [1, 2].map((day) => ({ ...pastRun(day, []), text: JSON.stringify(pastRun(day, [])) }));
    const strange = { ...pastRun(3, []), uid: 'no-uid', text: '{}' };
    const { added, troubles } = await addToCluster(history, [...lines, strange]);
    expect(added).to.equal(1);
    expect(put[0]).to.contain(`${PROXY}/runs/history-of-runs/${pastRun(2, []).uid}/`);
    expect(troubles[0]).to.contain('has no place on an artifact server');
  });
});
