// Questions that more than one part of the page asks the report.
import type { Endpoint, Expectation, Finding, Judgement, Outcome, Report, ReportNode, Subject } from './report';
import { formatSize } from './units';

/** How a measurement stands: its status, or what its number was judged to be. */
export type State = 'ok' | 'degraded' | 'inconclusive' | 'none' | 'failed' | 'skipped';

export const stateWords: Record<State, string> = {
  ok: 'as expected', degraded: 'below expected', inconclusive: 'inconclusive',
  none: 'no expectation', failed: 'failed', skipped: 'skipped',
};

export type Concern = 'problem' | 'unchecked' | 'note' | 'fine';

export function concernOf(finding: Finding): Concern {
  switch (finding.verdict) {
    case 'match': return 'fine';
    case 'violation': case 'drift': case 'degraded': return 'problem';
    case 'preference_not_met': case 'unclaimed': return 'note';
    default: return 'unchecked';
  }
}

function endKey(end: Endpoint): string {
  return `${end.node}/${end.device ?? ''}${end.rail ? `@${end.rail}` : ''}`;
}

/** Outcome::key() of core/model/measurement.hpp. */
export function keyOf(outcome: Outcome): string {
  const parameters = Object.keys(outcome.parameters).sort().map((one) => `${one}=${outcome.parameters[one]}`);
  return `${outcome.probe}|${endKey(outcome.from)}|${endKey(outcome.to)}|${parameters.join(',')}`;
}

export class Model {
  private readonly outcomes = new Map<string, Outcome>();
  private readonly judgements = new Map<string, Judgement>();
  private readonly keys = new Map<Outcome, string>();

  constructor(readonly report: Report) {
    for (const outcome of report.outcomes) {
      const key = keyOf(outcome);
      this.keys.set(outcome, key);
      this.outcomes.set(key, outcome);
    }
    for (const judgement of report.judgements) this.judgements.set(judgement.key, judgement);
  }

  key(outcome: Outcome): string { return this.keys.get(outcome) ?? keyOf(outcome); }
  outcome(key: string | undefined): Outcome | undefined { return key ? this.outcomes.get(key) : undefined; }
  judgement(outcome: Outcome): Judgement | undefined { return this.judgements.get(this.key(outcome)); }
  expectation(outcome: Outcome): Expectation | undefined { return this.judgement(outcome)?.expectation; }

  state(outcome: Outcome): State {
    if (outcome.status !== 'measured') return outcome.status;
    const verdict = this.judgement(outcome)?.verdict;
    return verdict === 'ok' || verdict === 'degraded' || verdict === 'inconclusive' ? verdict : 'none';
  }

  /** Value as a share of what is expected; nothing where nothing is. */
  share(outcome: Outcome): number | undefined {
    const rate = this.expectation(outcome)?.bytes_per_second;
    if (!rate || outcome.unit !== 'B/s' || typeof outcome.value !== 'number') return undefined;
    return outcome.value / rate;
  }
}

export function isPair(outcome: Outcome): boolean { return outcome.probe.startsWith('pair_'); }
export function isCollective(outcome: Outcome): boolean { return 'group' in outcome.parameters; }
export function bothWays(outcome: Outcome): boolean {
  return outcome.parameters.direction === 'both_ways' || outcome.parameters.traffic === 'both_ways';
}

/** "GPU-7c7a...-9e01" as "GPU~9e01": as many letters of its end as tell the devices apart. */
export function shortNames(devices: string[]): Map<string, string> {
  for (let letters = 4; ; letters += 1) {
    const names = new Map(devices.map((one) =>
      [one, one.length > 12 ? `${one.slice(0, 3)}~${one.slice(-letters)}` : one] as [string, string]));
    if (letters >= 64 || new Set(names.values()).size === names.size) return names;
  }
}

function endText(end: Endpoint): string {
  if (!end.node) return end.device || end.rail || '';
  return end.device ? `${end.node}/${end.device}` : end.node;
}

export function pathText(outcome: Outcome): string {
  const from = endText(outcome.from);
  const to = endText(outcome.to);
  if (!to || endKey(outcome.from) === endKey(outcome.to)) return from;
  return `${from} ${bothWays(outcome) ? '\u2194' : '\u2192'} ${to}`;
}

function sizeText(outcome: Outcome): string {
  const size = Number(outcome.parameters.size);
  return Number.isFinite(size) ? ` ${formatSize(size)}` : '';
}

function copyText(outcome: Outcome): string {
  const engine = outcome.parameters.engine === 'sm' ? ' by kernel' : '';
  const pulled = outcome.parameters.direction === 'read' ? ', pulled' : '';
  return `copy${engine}${bothWays(outcome) ? ' both ways' : ''}${sizeText(outcome)}${pulled}`;
}

export function quantityText(outcome: Outcome): string {
  switch (outcome.probe) {
    case 'pair_goodput': return `goodput${bothWays(outcome) ? ' both ways' : ''}${sizeText(outcome)}`;
    case 'pair_latency': return 'latency p50';
    case 'loopback_latency': return 'loopback latency p50';
    case 'memory_copy': return 'memory copy';
    case 'gpu_latency': return 'GPU latency p50';
    case 'gpu_copy': return copyText(outcome);
    default: break;
  }
  const { group, ranks } = outcome.parameters;
  return `${outcome.probe}${group ? ` in group ${group}` : ''}${ranks ? `, ${ranks} ranks` : ''}${sizeText(outcome)}`;
}

export function subjectText(subject: Subject): string {
  let text = `${subject.kind} ${subject.name}`;
  if (subject.rail && !subject.name.includes(subject.rail)) text += ` (${subject.rail})`;
  if (subject.node && !subject.name.includes(subject.node)) text += ` on ${subject.node}`;
  return text;
}

export function reasonOf(outcome: Outcome): string {
  const reason = outcome.reason || 'no reason given';
  return outcome.blamed && !reason.includes(outcome.blamed) ? `${reason} (at fault: ${outcome.blamed})` : reason;
}

const byText = new Intl.Collator('en', { numeric: true });

/** Nodes as they are drawn: by rack label, then as reported; those that only outcomes name come last. */
export function drawnNodes(report: Report): ReportNode[] {
  const place = new Map(report.nodes.map((node, at) => [node.name, at]));
  const nodes = [...report.nodes];
  for (const outcome of report.outcomes) {
    for (const end of [outcome.from, outcome.to]) {
      if (end.node && !place.has(end.node)) {
        place.set(end.node, place.size);
        nodes.push({ name: end.node });
      }
    }
  }
  return nodes.sort((one, other) => Number(!one.rack) - Number(!other.rack)
    || byText.compare(one.rack ?? '', other.rack ?? '')
    || (place.get(one.name) ?? 0) - (place.get(other.name) ?? 0));
}
