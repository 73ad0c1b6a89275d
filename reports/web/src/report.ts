// The shapes of plumbline.report/v1 as docs/schema/report.schema.json has them.

export interface Endpoint { node: string; device?: string; rail?: string }

export interface Proof {
  kind: string; at: Endpoint; source: string; statement: string;
  before?: number | null; after?: number | null; expected?: number | null; holds: boolean;
}

export type Status = 'measured' | 'skipped' | 'failed';

export interface Outcome {
  probe: string; from: Endpoint; to: Endpoint; parameters: Record<string, string>; status: Status;
  reason?: string; error_code?: string; blamed?: string;
  unit?: 'B/s' | 's'; value?: number | null; interval?: (number | null)[]; conclusive?: boolean; doubt?: string;
  median?: number | null; p5?: number | null; p99?: number | null; p999?: number | null;
  batches?: (number | null)[]; counters?: Record<string, number | null>; proof?: Proof[];
  took_s: number | null; finished_at?: string;
}

export interface Expectation {
  bytes_per_second: number | null; derivation: string; source: string; threshold: number;
}

export interface Subject { kind: string; name: string; node?: string; rail?: string }
export interface Evidence { source: string; value: string; time?: string }
export interface ClaimRef {
  kind: string; name: string; uid: string; resource_version: string; path: string; value: string;
}

export type FindingVerdict = 'match' | 'violation' | 'degraded' | 'drift' | 'vacuous' | 'preference_not_met'
  | 'unclaimed' | 'unobservable';

export interface Finding {
  rule: string; verdict: FindingVerdict; subject: Subject; ambiguity: Subject[]; message: string;
  next_step: string; claim?: ClaimRef; evidence: Evidence[]; measurement?: string;
  expectation?: Expectation; tier?: string;
}

export type StageVerdict = 'pass' | 'fail' | 'inconclusive';
export interface Requirement { id: string; level: string; verdict: StageVerdict; because: string[] }
export interface Judgement { key: string; verdict: string; expectation?: Expectation }
export interface ReportNode { name: string; rack?: string; measured_rack?: string }

export interface Control {
  name: string; state: 'behaved' | 'misbehaved' | 'not_applicable'; expected: string; seen: string; evidence: string[];
}
export interface PlacedPod {
  binding: ClaimRef; workload: string; rank: number; phase: string; scheduler?: string; bound_at?: string;
  waiting?: string; address?: string; devices: string[]; ended?: string;
}
export interface Workloads {
  namespace: string; lease: string; kind: string; controls: Control[]; pods: PlacedPod[]; ended?: string; left: string[];
}
export interface Report {
  schema: string; verdict: StageVerdict; because: string[]; stage: string; run_id: string;
  started_at: string; finished_at: string; plumbline_version: string;
  interrupted: boolean; interruption: string; from_fakes: boolean;
  coverage: { nodes: number; rails: number; pairs: number };
  nodes: ReportNode[]; rails: string[]; findings: Finding[]; requirements: Requirement[];
  outcomes: Outcome[]; judgements: Judgement[]; facts: Record<string, string>;
  workloads?: Workloads;
}

/** The report that stands in the page as inert JSON. */
export function readReport(): Report {
  const text = document.getElementById('plumbline-report')?.textContent ?? '';
  const report = JSON.parse(text) as Report;
  if (report.schema !== 'plumbline.report/v1') {
    throw new Error(`its schema is ${String(report.schema)}, not plumbline.report/v1`);
  }
  return report;
}
