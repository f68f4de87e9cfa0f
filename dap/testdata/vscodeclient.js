// A session by the client library with which Microsoft tests debug adapters. Its first
// argument is the session's facts as JSON; what it expects and does not get ends it with a
// status that is not 0.
const assert = require('assert');
const { DebugClient } = require('@vscode/debugadapter-testsupport');

const { port, program, file, opaque, first } = JSON.parse(process.argv[2]);

async function main() {
	const dc = new DebugClient('argus', 'dap', 'go');
	dc.defaultTimeout = 60000;
	await dc.start(port);

	// initialize, launch, breakpoint, configurationDone, stop, as its hitBreakpoint does it.
	await dc.hitBreakpoint(
		{ mode: 'exec', program, args: ['twice', '3'], outputMode: 'remote' },
		{ path: file, line: first });

	const threads = (await dc.threadsRequest()).body.threads;
	assert.ok(threads.length > 0);
	const threadId = threads[0].id;
	const frame = (await dc.stackTraceRequest({ threadId, startFrame: 0, levels: 20 })).body.stackFrames[0];
	assert.strictEqual(frame.name, 'main.twice');
	const locals = (await dc.scopesRequest({ frameId: frame.id })).body.scopes[0];
	const variables = (await dc.variablesRequest({ variablesReference: locals.variablesReference })).body.variables;
	assert.strictEqual(variables.find(v => v.name === 'n').value, '3');
	assert.strictEqual((await dc.evaluateRequest({ expression: 'n * 2', frameId: frame.id, context: 'watch' })).body.result, '6');

	// A step.
	await Promise.all([
		dc.nextRequest({ threadId }),
		dc.assertStoppedLocation('step', { path: file, line: opaque }),
	]);

	// A data breakpoint.
	const info = (await dc.dataBreakpointInfoRequest({ name: 'main.x', frameId: frame.id })).body;
	assert.ok(info.dataId, info.description);
	const set = (await dc.setDataBreakpointsRequest({ breakpoints: [{ dataId: info.dataId, accessType: 'write' }] })).body.breakpoints;
	assert.ok(set[0].verified, set[0].message);
	await dc.setBreakpointsRequest({ source: { path: file }, breakpoints: [] });
	const [stopped] = await Promise.all([
		dc.waitForEvent('stopped'),
		dc.continueRequest({ threadId }),
	]);
	assert.strictEqual(stopped.body.reason, 'data breakpoint');
	assert.deepStrictEqual(stopped.body.hitBreakpointIds, [set[0].id]);
	assert.match(stopped.body.text, /^main\.x: 0 -> 0, written by goroutine 1 at main\.twice /);
	await dc.setDataBreakpointsRequest({ breakpoints: [] });

	// What is refused is refused by a rejected promise.
	await assert.rejects(dc.evaluateRequest({ expression: 'nobody', context: 'watch' }));
	await assert.rejects(dc.customRequest('makeCoffee', {}));

	await Promise.all([
		dc.waitForEvent('terminated'),
		dc.waitForEvent('exited').then(e => assert.strictEqual(e.body.exitCode, 0)),
		dc.continueRequest({ threadId }),
	]);
	await dc.disconnectRequest();
	await dc.stop();
}

main().catch(err => {
	console.error(err);
	process.exit(1);
});
