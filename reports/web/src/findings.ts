// What is not as claimed, worst first: claimed | there | measured | expected, and what to do next.
import { el, name, section, tag } from './dom';
import { detail, expectation, figure } from './detail';
import { concernOf, pathText, quantityText, subjectText, type Concern, type Model } from './model';
import type { ClaimRef, Evidence, Finding } from './report';
import { formatMoment } from './units';

type Maybe = HTMLElement | false;

function claimed(claim: ClaimRef): HTMLElement {
  const version = [claim.uid && `uid ${claim.uid}`, claim.resource_version && `version ${claim.resource_version}`];
  return el('div', {},
    el('p', { class: 'quoted' }, claim.value === '' ? '(empty)' : claim.value),
    el('p', { class: 'small' }, claim.kind, ' ', name(claim.name)),
    el('p', { class: 'source' }, claim.path),
    el('p', { class: 'source' }, version.filter(Boolean).join(', ')));
}

const evidenceShown = 4;

function evidenceList(evidence: Evidence[]): HTMLElement {
  return el('ul', { class: 'evidence' }, ...evidence.map((one) => el('li', {},
    el('p', { class: 'quoted' }, one.value),
    el('p', { class: 'source' }, one.source, one.time ? `, ${formatMoment(one.time)}` : ''))));
}

/** The first signs in sight, a long tail behind a click: a card must not push the next one off the screen. */
function there(evidence: Evidence[]): HTMLElement {
  if (evidence.length <= evidenceShown + 1) return evidenceList(evidence);
  return el('div', {}, evidenceList(evidence.slice(0, evidenceShown)),
    el('details', { class: 'more' }, el('summary', {}, `${evidence.length - evidenceShown} more`),
      evidenceList(evidence.slice(evidenceShown))));
}

function measured(model: Model, finding: Finding): Maybe {
  if (!finding.measurement) return false;
  const outcome = model.outcome(finding.measurement);
  if (!outcome) return el('p', { class: 'source' }, finding.measurement);
  return el('div', {}, figure(model, outcome),
    el('p', { class: 'small' }, name(pathText(outcome)), `, ${quantityText(outcome)}`),
    el('details', { class: 'more' }, el('summary', {}, 'interval, batches, proof'), detail(model, outcome)));
}

const columnNames: [string, string][] = [
  ['Claimed', 'nothing is claimed'], ['There', 'nothing was read'], ['Measured', 'no measurement'],
  ['Expected', 'no expectation']];

function column(at: number, content: Maybe): HTMLElement {
  const [label, empty] = columnNames[at] ?? ['', ''];
  return el('div', { class: content ? 'column' : 'column column-empty' }, el('h4', {}, label),
    content || el('p', { class: 'nothing' }, empty));
}

function ambiguity(finding: Finding): Maybe {
  if (finding.ambiguity.length < 2) return false;
  return el('div', { class: 'ambiguity' },
    el('p', {}, 'It is one of these; the measurements cannot tell them apart:'),
    el('ul', {}, ...finding.ambiguity.map((one) => el('li', {}, name(subjectText(one))))));
}

function columns(model: Model, finding: Finding): Maybe {
  const parts: Maybe[] = [
    finding.claim ? claimed(finding.claim) : false,
    finding.evidence.length > 0 && there(finding.evidence),
    measured(model, finding),
    finding.expectation ? expectation(finding.expectation) : false,
  ];
  if (!parts.some(Boolean)) return false;
  return el('div', { class: 'columns' }, ...parts.map((part, at) => column(at, part)));
}

function card(model: Model, finding: Finding): HTMLElement {
  const concern = concernOf(finding);
  return el('article', { class: `card card-${concern}` },
    el('header', {},
      tag(concern, finding.verdict.replaceAll('_', ' ')),
      el('h3', {}, name(subjectText(finding.subject))),
      el('span', { class: 'rule' }, `rule ${finding.rule}${finding.tier ? `, tier ${finding.tier}` : ''}`)),
    el('p', { class: 'message' }, finding.message),
    ambiguity(finding),
    finding.next_step !== '' && el('p', { class: 'next' }, el('strong', {}, 'Next: '), finding.next_step),
    columns(model, finding));
}

const firstShown = 30;

/** Cards by the dozen at once would only slow the page down. */
function cards(model: Model, findings: Finding[]): HTMLElement {
  const list = el('div', { class: 'cards' }, ...findings.slice(0, firstShown).map((one) => card(model, one)));
  if (findings.length <= firstShown) return list;
  const more = el('button', {
    type: 'button',
    class: 'more-button',
    click: () => more.replaceWith(...findings.slice(firstShown).map((one) => card(model, one))),
  }, `Show ${findings.length - firstShown} more`);
  list.append(more);
  return list;
}

function group(model: Model, wanted: Concern, id: string, title: string): Maybe {
  const found = model.report.findings.filter((one) => concernOf(one) === wanted);
  return found.length > 0 && section(id, `${title} (${found.length})`, cards(model, found));
}

export function findings(model: Model): Maybe[] {
  return [
    group(model, 'problem', 'culprits', 'Not as claimed'),
    group(model, 'unchecked', 'unchecked', 'Could not be checked'),
    group(model, 'note', 'notes', 'Worth knowing'),
  ];
}

/** What is true needs no card: counts by rule, and the sentences for who wants them. */
export function matches(model: Model): Maybe {
  const found = model.report.findings.filter((one) => concernOf(one) === 'fine');
  if (found.length === 0) return false;
  const rules = new Map<string, Finding[]>();
  for (const one of found) rules.set(one.rule, [...(rules.get(one.rule) ?? []), one]);
  const lists = [...rules].map(([rule, ones]) => el('details', { class: 'rule-matches' },
    el('summary', {}, name(rule), ` \u00d7 ${ones.length}`),
    el('ul', {}, ...ones.map((one) => el('li', {}, name(subjectText(one.subject)), ': ', one.message)))));
  return section('matches', `Claims found true (${found.length})`, el('div', { class: 'rules' }, ...lists));
}
