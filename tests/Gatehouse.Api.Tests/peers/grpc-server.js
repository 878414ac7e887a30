// A grpc-js server that does what the request says. Lines on stdout: "port <n>" when it listens, and what tests wait for.
// Arguments: [ca cert key] for mTLS.
const fs = require('node:fs');
const { grpc, AuditLog, Auth } = require('./protos');

const [ca, cert, key] = process.argv.slice(2);
const say = line => process.stdout.write(line + '\n');
const event = i => ({ event: { type: 'user.login', id: 'e' + i, index: i, time: { seconds: 1700000000 + i } }, cursor: 'c' + i });

const options = { 'grpc.max_send_message_length': -1, 'grpc.max_receive_message_length': -1 };
const server = new grpc.Server(options);
let port;

server.addService(Auth.service, {
  Ping(call, answer) {
    const metadata = new grpc.Metadata();
    metadata.set('version', '18.1.4');
    call.sendMetadata(metadata);
    const tls = call.getAuthContext().sslPeerCertificate;
    const seen = {
      ...call.metadata.getMap(),
      deadline: isFinite(+call.getDeadline()) ? +call.getDeadline() - Date.now() : null,
      peer: tls && tls.subject ? tls.subject.CN : null,
    };
    answer(null, { cluster_name: 'node', server_version: '18.1.4', remote_addr: JSON.stringify(seen) });
  },
  UpsertLock(call, answer) {
    say('lock ' + JSON.stringify(call.request));
    answer(null, {});
  },
});

server.addService(AuditLog.service, {
  GetUnstructuredEvents(call, answer) {
    const [word, a, b] = call.request.start_key.split('|');
    if (word === 'error') return answer({ code: Number(a), details: b });
    if (word === 'big') return answer(null, { last_key: 'x'.repeat(Number(a)) });
    if (word === 'hang') {
      say('hanging ' + a);
      call.on('cancelled', () => say('cancelled ' + a));
      return;
    }
    answer(null, { last_key: JSON.stringify(call.request) });
  },
  GetEventExportChunks(call) {
    call.write({ chunk: 'one' });
    call.write({ chunk: 'two' });
    call.end();
  },
  async ExportUnstructuredEvents(call) {
    const [word, count, ending, message] = call.request.chunk.split('|');
    call.on('cancelled', () => say('cancelled ' + call.request.chunk));
    for (let i = 0; i < Number(count); i++) {
      if (!call.write(event(i))) await new Promise(resolve => call.once('drain', resolve));
    }
    if (word === 'fail') return call.emit('error', { code: Number(ending), details: message });
    if (word === 'hang') return;
    if (word === 'die') return setTimeout(() => process.exit(0), 20);
    if (word === 'goaway') {
      server.drain('127.0.0.1:' + port, 20000);
      say('drained');
      for (let i = 0; i < 3; i++) call.write(event(Number(count) + i));
    }
    call.end();
  },
});

const credentials = ca
  ? grpc.ServerCredentials.createSsl(fs.readFileSync(ca), [{ cert_chain: fs.readFileSync(cert), private_key: fs.readFileSync(key) }], true)
  : grpc.ServerCredentials.createInsecure();
server.bindAsync('127.0.0.1:0', credentials, (error, bound) => {
  if (error) throw error;
  port = bound;
  say('port ' + bound);
});
process.stdin.on('end', () => process.exit(0)).resume();
