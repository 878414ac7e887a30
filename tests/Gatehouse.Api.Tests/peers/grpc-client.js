// A grpc-js client. Arguments: port, method, request as JSON, options as JSON {deadline, cancelAfter, gzip, ca, cert, key, metadata}.
// Prints one JSON line: {status, message, count, last, version, trailersOnly}.
const fs = require('node:fs');
const { grpc, AuditLog, Auth } = require('./protos');

const [port, method, requestText, optionsText] = process.argv.slice(2);
const request = JSON.parse(requestText), options = JSON.parse(optionsText || '{}');
const Service = method in AuditLog.service ? AuditLog : Auth;
const channelOptions = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 };
if (options.gzip) channelOptions['grpc.default_compression_algorithm'] = 2;
const credentials = options.ca
  ? grpc.credentials.createSsl(fs.readFileSync(options.ca), options.key && fs.readFileSync(options.key), options.cert && fs.readFileSync(options.cert))
  : grpc.credentials.createInsecure();
const client = new Service('localhost:' + port, credentials, channelOptions);

const metadata = new grpc.Metadata();
for (const [name, value] of Object.entries(options.metadata || {})) metadata.set(name, value);
const callOptions = options.deadline ? { deadline: Date.now() + options.deadline } : {};
const result = { count: 0 };
const finish = status => {
  result.status = status.code;
  result.message = status.details;
  process.stdout.write(JSON.stringify(result) + '\n');
  client.close();
};

if (process.env.RAW_METHOD) {
  // A name that the .proto does not have.
  const call = client.makeUnaryRequest(process.env.RAW_METHOD, () => Buffer.alloc(0), b => b, {}, metadata, callOptions, () => {});
  call.on('status', finish);
} else if (Service.service[method].responseStream) {
  const call = client[method](request, metadata, callOptions);
  call.on('metadata', m => { result.version = m.get('version')[0]; });
  call.on('data', message => {
    result.count++;
    result.last = message;
    if (options.cancelAfter === result.count) call.cancel();
  });
  call.on('error', () => {});
  call.on('status', finish);
} else {
  const call = client[method](request, metadata, callOptions, (error, message) => {
    if (message) { result.count = 1; result.last = message; }
  });
  call.on('metadata', m => { result.version = m.get('version')[0]; });
  call.on('status', finish);
}
