// Who may write which NodeReport: the policy's own expressions, as the rendered manifest has them, decided as an API server
// decides them. Exits 1 with every request that was decided otherwise than it must be.
import { readFileSync } from 'node:fs';
import { Environment } from '@marcbachmann/cel-js';
import { parseAllDocuments } from 'yaml';

const documents = parseAllDocuments(readFileSync(process.argv[2], 'utf8')).map((document) => document.toJS());
const only = (kind) => {
  const found = documents.filter((document) => document?.kind === kind);
  if (found.length !== 1) throw new Error(`${found.length} objects of kind ${kind} instead of one`);
  return found[0];
};
const policy = only('ValidatingAdmissionPolicy');
const binding = only('ValidatingAdmissionPolicyBinding');
const cel = new Environment({ enableOptionalTypes: true }).registerVariable('request', 'map').registerVariable('variables', 'map');

/** Whether the policy's rules are for a request at all; "*" is any. */
function concerns(request) {
  const has = (list, value) => list.includes('*') || list.includes(value);
  return policy.spec.matchConstraints.resourceRules.some((rule) =>
    has(rule.apiGroups, request.resource.group) && has(rule.apiVersions, request.resource.version) &&
    has(rule.operations, request.operation) && has(rule.resources, request.resource.resource));
}

/** 'let in', or why not. What cannot be evaluated is refused: failurePolicy is Fail. */
function decide(request, spec = policy.spec) {
  if (!concerns(request)) return 'let in';
  try {
    if (!spec.matchConditions.every(({ expression }) => cel.evaluate(expression, { request, variables: {} }) === true)) return 'let in';
    const variables = {};
    for (const { name, expression } of spec.variables) variables[name] = cel.evaluate(expression, { request, variables });
    const broken = spec.validations.find(({ expression }) => cel.evaluate(expression, { request, variables }) !== true);
    return broken ? broken.message : 'let in';
  } catch (error) {
    return `not evaluated: ${error.message}`;
  }
}

const kNode = 'authentication.kubernetes.io/node-name';
const agent = 'system:serviceaccount:plumbline:plumbline-agent';
const publisher = 'system:serviceaccount:plumbline:plumbline-check';

/** A request to write the report of gpu-0 by an agent's pod on gpu-0, changed by what the case says. */
function ask(change = {}) {
  const { resource, userInfo, ...rest } = change;
  return {
    operation: 'CREATE', name: 'gpu-0',
    object: { metadata: { name: 'gpu-0' } }, oldObject: null,
    resource: { group: 'plumbline.dev', version: 'v1alpha1', resource: 'nodereports', ...resource },
    userInfo: { username: agent, groups: ['system:serviceaccounts', 'system:authenticated'], extra: { [kNode]: ['gpu-0'] }, ...userInfo },
    ...rest,
  };
}

const refused = 'a pod writes only the NodeReport of its own node';
const cases = [
  ['a pod creates its own node\'s', ask(), 'let in'],
  ['a pod changes its own node\'s', ask({ operation: 'UPDATE' }), 'let in'],
  ['a pod deletes its own node\'s', ask({ operation: 'DELETE', object: null }), 'let in'],
  ['a pod creates another node\'s', ask({ name: 'gpu-1' }), refused],
  ['a pod changes another node\'s', ask({ operation: 'UPDATE', name: 'gpu-1' }), refused],
  ['a pod deletes another node\'s', ask({ operation: 'DELETE', name: 'gpu-1', object: null }), refused],
  ['a report whose object is called otherwise', ask({ name: 'gpu-1', object: { metadata: { name: 'gpu-0' } } }), refused],
  ['a name that only begins with the node\'s', ask({ name: 'gpu-01' }), refused],
  ['a name in other letters', ask({ name: 'GPU-0' }), refused],
  ['a name that the server is to make up', ask({ name: '' }), refused],
  ['a token that names no node', ask({ userInfo: { extra: {} } }), refused],
  ['a token without any extra', ask({ userInfo: { extra: undefined } }), refused],
  ['a token with no node among its nodes', ask({ userInfo: { extra: { [kNode]: [] } } }), refused],
  ['a token whose node is empty, for a report without a name', ask({ name: '', userInfo: { extra: { [kNode]: [''] } } }), refused],
  ['a token that names two nodes, the own one second', ask({ userInfo: { extra: { [kNode]: ['gpu-1', 'gpu-0'] } } }), refused],
  ['the node under another name of the token', ask({ userInfo: { extra: { 'example.com/node-name': ['gpu-0'] } } }), refused],
  ['a pod of another account, another node\'s', ask({ name: 'gpu-1', userInfo: { username: 'system:serviceaccount:other:plumbline-check' } }), refused],
  ['an account that is called nearly as the publisher', ask({ name: 'gpu-1', userInfo: { username: `${publisher}-2` } }), refused],
  ['the publisher writes any node\'s', ask({ name: 'gpu-1', userInfo: { username: publisher, extra: {} } }), 'let in'],
  ['the publisher deletes any node\'s', ask({ operation: 'DELETE', name: 'gpu-1', userInfo: { username: publisher, extra: {} } }), 'let in'],
  ['a person with the right, who is no pod', ask({ name: 'gpu-1', userInfo: { username: 'admin', extra: {} } }), 'let in'],
  ['a later version of the kind', ask({ name: 'gpu-1', resource: { version: 'v1' } }), refused],
  ['a kind of the same name in another group', ask({ name: 'gpu-1', resource: { group: 'example.com' } }), 'let in'],
  ['another kind of the group', ask({ name: 'gpu-1', resource: { resource: 'others' } }), 'let in'],
  ['only read', ask({ operation: 'CONNECT', name: 'gpu-1' }), 'let in'],
];

const complaints = [];
for (const [name, request, expected] of cases) {
  const decided = decide(request);
  if (decided !== expected) complaints.push(`${name}: ${decided}, not: ${expected}`);
}
// The cases see it when an expression is weakened: each of these lets in, or refuses, what it must not.
const weaker = structuredClone(policy.spec);
weaker.validations[0].expression = "variables.node != ''";
if (cases.every(([, request, expected]) => decide(request, weaker) === expected)) complaints.push('a weakened validation is not seen');
if (binding.spec.policyName !== policy.metadata.name) complaints.push('the binding is of another policy');
if (String(binding.spec.validationActions) !== 'Deny') complaints.push('the binding does not deny');
if (policy.spec.failurePolicy !== 'Fail') complaints.push('what cannot be evaluated is let in');

for (const complaint of complaints) console.log(complaint);
console.log(`${cases.length} requests decided, ${complaints.length} complaints`);
process.exit(complaints.length === 0 ? 0 : 1);
