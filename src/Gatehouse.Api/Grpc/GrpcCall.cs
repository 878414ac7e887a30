using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Api.Grpc;

/// <summary>One call as its handler sees it.</summary>
/// <param name="Cancellation">Fires when the client left, the deadline passed or the server stops.</param>
/// <param name="ClientCertificate">The caller's verified certificate, or null.</param>
public sealed record GrpcCall(HttpContext Http, X509Certificate2? ClientCertificate, CancellationToken Cancellation);
