// The first screen: the verdict, why, and how much was measured.
import { add, el, name, setVariable } from './dom';
import { concernOf, type Model } from './model';
import type { Report } from './report';
import { formatMoment, formatShare } from './units';

const verdictSigns = { pass: '\u2713', fail: '\u2717', inconclusive: '?' };

function meter(label: string, share: number): HTMLElement {
  const bounded = Math.min(1, Math.max(0, share));
  const text = formatShare(bounded);
  const bar = setVariable(el('span', { class: 'meter-bar' }), '--share', String(bounded));
  return el('div', { class: bounded < 1 ? 'meter meter-short' : 'meter' },
    el('span', { class: 'meter-label' }, label),
    el('span', { class: 'meter-value' }, text),
    el('span', { class: 'meter-track', role: 'img', 'aria-label': `${text} of the ${label} measured` }, bar));
}

function reservations(report: Report): HTMLElement[] {
  const said: string[] = [];
  if (report.from_fakes) said.push('Made from fake drivers: not evidence of any machine.');
  if (report.interrupted) said.push(`Interrupted: ${report.interruption || 'ended early'}. What follows is what was known by then.`);
  return said.map((text) => el('p', { class: 'reservation', role: 'note' }, text));
}

function identity(report: Report): HTMLElement {
  const list = el('dl', { class: 'identity' });
  const facts: [string, string][] = [
    ['stage', report.stage], ['run', report.run_id], ['from', formatMoment(report.started_at)],
    ['to', formatMoment(report.finished_at)], ['plumbline', report.plumbline_version],
  ];
  for (const [label, value] of facts) {
    if (value) add(list, el('div', {}, el('dt', {}, label), el('dd', {}, name(value))));
  }
  return list;
}

function jump(id: string, text: string): HTMLElement {
  return el('a', { href: `#${id}` }, text);
}

function jumps(model: Model): HTMLElement {
  const { findings, outcomes } = model.report;
  const count = (wanted: string) => findings.filter((one) => concernOf(one) === wanted).length;
  const unmeasured = outcomes.filter((one) => one.status !== 'measured').length;
  const links: (HTMLElement | false)[] = [
    count('problem') > 0 && jump('culprits', `${count('problem')} not as claimed`),
    count('unchecked') > 0 && jump('unchecked', `${count('unchecked')} could not be checked`),
    count('note') > 0 && jump('notes', `${count('note')} worth knowing`),
    count('fine') > 0 && jump('matches', `${count('fine')} found true`),
    unmeasured > 0 && jump('unmeasured', `${unmeasured} not measured`),
    outcomes.length > 0 && jump('outcomes', `${outcomes.length} measurements`),
  ];
  return el('nav', { class: 'jumps', 'aria-label': 'Parts of the report' }, ...links);
}

export function summary(model: Model): HTMLElement {
  const { report } = model;
  const [first, ...others] = report.because;
  const why = el('ul', { class: 'because' }, ...others.map((text) => el('li', {}, text)));
  return el('header', { class: `summary summary-${report.verdict}` },
    ...reservations(report),
    el('div', { class: 'summary-main' },
      el('div', { class: 'summary-text' },
        el('h1', {},
          el('span', { class: 'verdict' },
            el('span', { class: 'verdict-sign', 'aria-hidden': 'true' }, verdictSigns[report.verdict] ?? '?'),
            report.verdict.toUpperCase()),
          el('span', { class: 'first-because' }, first ?? 'No reason is given.')),
        others.length > 0 && why),
      el('div', { class: 'coverage', role: 'group', 'aria-label': 'Coverage: share that was measured' },
        el('p', { class: 'coverage-title', 'aria-hidden': 'true' }, 'Measured'),
        meter('nodes', report.coverage.nodes),
        meter('rails', report.coverage.rails),
        meter('pairs', report.coverage.pairs))),
    jumps(model),
    identity(report));
}
