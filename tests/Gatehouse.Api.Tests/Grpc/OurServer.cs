using System.Net;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Api.Grpc;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Gatehouse.Api.Tests.Grpc;

/// <summary>Kestrel on a free port with what a test maps.</summary>
internal sealed class OurServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private OurServer(WebApplication application) => _application = application;

    public int Port { get; private set; }

    public static Task<OurServer> StartAsync(GrpcServer grpc, TestPki? pki = null, HttpProtocols protocols = HttpProtocols.Http2) =>
        StartAsync(application => grpc.Map(application), pki, protocols);

    public static Task<OurServer> StartAsync(Action<WebApplication> map, TestPki? pki = null, HttpProtocols protocols = HttpProtocols.Http2) =>
        pki is null ? StartAsync(map, null, _ => false, protocols) : StartAsync(map, pki.Server, pki.Issued, protocols);

    /// <param name="trusts">Whether a client's certificate is good; a client may come without.</param>
    public static async Task<OurServer> StartAsync(
        Action<WebApplication> map, X509Certificate2? own, Func<X509Certificate2, bool> trusts, HttpProtocols protocols = HttpProtocols.Http2)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.UseGrpcLimits();
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = protocols;
                if (own is null)
                    return;
                listen.UseHttps(https =>
                {
                    https.ServerCertificate = own;
                    https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                    https.ClientCertificateValidation = (certificate, _, _) => trusts(certificate);
                });
            });
        });
        var application = builder.Build();
        map(application);
        await application.StartAsync(TestContext.Current.CancellationToken);
        return new OurServer(application) { Port = new Uri(application.Urls.Single()).Port };
    }

    /// <summary>Begins to stop, as on SIGTERM.</summary>
    public void Stop() => _application.Lifetime.StopApplication();

    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync(new CancellationToken(canceled: true));
        await _application.DisposeAsync();
    }
}
