// The services of our own .proto files, as @grpc/proto-loader reads them.
const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const root = path.resolve(__dirname, '../../../src/Gatehouse.Api/Protos');
const definition = loader.loadSync(
  ['teleport/auditlog/v1/auditlog.proto', 'teleport/legacy/client/proto/authservice.proto'],
  { includeDirs: [root], keepCase: true, longs: Number, defaults: true });
const loaded = grpc.loadPackageDefinition(definition);

module.exports = { grpc, AuditLog: loaded.teleport.auditlog.v1.AuditLogService, Auth: loaded.proto.AuthService };
