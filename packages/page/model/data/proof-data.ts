/** What speaks for the results of a run, beyond the results: plain data. */
export interface Proof {
  /** Whether run.json, junit.xml and the output of the pods say the same. Absent in older results. */
  agreement?: Agreement;
  /** Defects that were planted in Backend.AI, and which suites noticed. */
  defects?: Defects;
  /** Repairs of Backend.AI, and whether a test would have asked for them. */
  backtest?: Backtest;
  /** Known issues, each with what it rests on. */
  issues: readonly ProvenIssue[];
}

/** Whether run.json, junit.xml and the pods' output say the same. */
export interface Agreement {
  /** Tests that were compared. */
  tests: number;
  /** A sentence for each difference between run.json and junit.xml. */
  disagreements: readonly string[];
  /** A sentence for each difference from what a pod printed: a pod may print anything. */
  notes: readonly string[];
}

/** How many planted defects the suites caught: numbers of defects, in all and by suite. */
export interface Defects {
  listed: number;
  tried: number;
  caught: number;
  /** Day of the last trial. */
  on: string;
  suites: readonly { name: string; listed: number; caught: number }[];
  /** Those that were tried and not caught. */
  open: readonly { name: string; state: string; wrong: string }[];
}

/** How many repairs of published releases the tests would have noticed. */
export interface Backtest {
  repairs: number;
  /** Repairs that name a test. */
  withTest: number;
  /** Repairs that were tried, by their result. */
  caught: number;
  missed: number;
}

/** A known issue of Backend.AI, as its list describes it, with its number of tests. */
export interface ProvenIssue {
  issue: string;
  evidence: string;
  upstream: string;
  severity: string;
  until: string;
  tests: number;
}
