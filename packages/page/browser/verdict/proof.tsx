import type { PageData } from '../../model/data/page-data.ts';
import type { Agreement, Backtest, Defects, Proof, ProvenIssue } from '../../model/data/proof-data.ts';
import { ColumnHeads } from '../elements/column-heads.tsx';
import { OnDemand } from '../elements/on-demand.tsx';
import { ScrollRegion } from '../elements/scroll-region.tsx';
import { StateMark } from '../elements/state-mark.tsx';
import { counted } from '../elements/words.ts';

/** Suites that look for what a run left behind. */
const AUDIT = /^audit-/;

/** Why the results can be believed. */
export function ProofBoard({ data, alive }: { data: PageData; alive: boolean }) {
  const { proof } = data;
  if (!proof) return null;
  const audits = data.suites.filter(({ name }) => AUDIT.test(name));
  return (
    <section aria-labelledby="proof">
      <h2 id="proof">Proof</h2>
      <ul class="proof">
        <li>
          <b>Sources.</b>{' '}
          {proof.agreement
            ? agreementIn(proof.agreement)
            : 'The results do not say whether their sources agree.'}
        </li>
        <li>
          <b>Leaks.</b>{' '}
          {audits.length === 0 && 'No suite of this run looked for what the others left behind.'}
          {audits.map(({ anchor, name, verdict, state }, index) => (
            <span key={anchor}>
              {index > 0 && ', '}
              <a href={`#${anchor}`}>{name}</a> <StateMark state={verdict ?? state} />
            </span>
          ))}
        </li>
        {proof.defects && (
          <li>
            <b>Planted defects.</b> {defectsIn(proof.defects)}
          </li>
        )}
        {proof.backtest && (
          <li>
            <b>Backtest.</b> {backtestIn(proof.backtest)}
          </li>
        )}
      </ul>
      {proof.agreement && <Differences agreement={proof.agreement} />}
      {alive && <Tables proof={proof} />}
    </section>
  );
}

/** The lists behind the sentences. They are the same for all runs of a checkout, and long. */
function Tables({ proof: { defects, issues } }: { proof: Proof }) {
  return (
    <div>
      {defects && (
        <OnDemand summary="Planted defects by suite" draw={() => <DefectTable defects={defects} />} />
      )}
      {issues.length > 0 && (
        <OnDemand
          summary={`${counted(issues.length, 'known issue')} with their evidence`}
          draw={() => <IssueTable issues={issues} />}
        />
      )}
    </div>
  );
}

function agreementIn({ tests, disagreements, notes }: Agreement): string {
  const first =
    disagreements.length === 0
      ? `✔ run.json and junit.xml agree in ${counted(tests, 'test')}.`
      : `✘ run.json and junit.xml disagree in ${counted(disagreements.length, 'place')}.`;
  const second =
    notes.length === 0
      ? ' The output of the pods says the same.'
      : ` The output of the pods differs in ${counted(notes.length, 'place')}.`;
  return first + second;
}

function defectsIn({ listed, tried, caught, on }: Defects): string {
  return `The suites noticed ${caught} of ${tried} defects that were planted in Backend.AI, the last on ${on}. The list has ${listed}.`;
}

function backtestIn({ repairs, withTest, caught, missed }: Backtest): string {
  const tried = caught + missed === 0 ? 'None was tried yet' : `${caught} were caught, ${missed} missed`;
  return `A test asks for ${withTest} of ${repairs} repairs of Backend.AI. ${tried}.`;
}

function Differences({ agreement: { disagreements, notes } }: { agreement: Agreement }) {
  if (disagreements.length + notes.length === 0) return null;
  return (
    <details open={disagreements.length > 0}>
      <summary>{counted(disagreements.length + notes.length, 'difference')} between the sources</summary>
      <ul>
        {[...disagreements, ...notes].map((sentence, index) => (
          <li key={index}>{sentence}</li>
        ))}
      </ul>
    </details>
  );
}

function DefectTable({ defects }: { defects: Defects }) {
  return (
    <div>
      <ScrollRegion label="Table of planted defects">
        <table>
          <ColumnHeads names={['suite', 'noticed', 'listed']} />
          <tbody>
            {defects.suites.map(({ name, listed, caught }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td class="number">{caught}</td>
                <td class="number">{listed}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
      {defects.open.length > 0 && (
        <ul>
          {defects.open.map(({ name, state, wrong }) => (
            <li key={name}>
              <b>{name}</b> ({state}): {wrong}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function IssueTable({ issues }: { issues: readonly ProvenIssue[] }) {
  return (
    <ScrollRegion label="Table of known issues with their evidence">
      <table>
        <ColumnHeads names={['known issue', 'severity', 'due', 'tests', 'upstream', 'evidence']} />
        <tbody>
          {issues.map((row) => (
            <tr key={row.issue}>
              <th scope="row">{row.issue}</th>
              <td>{row.severity}</td>
              <td class="number">{row.until}</td>
              <td class="number">{row.tests}</td>
              <td>{row.upstream}</td>
              <td>{row.evidence}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}
