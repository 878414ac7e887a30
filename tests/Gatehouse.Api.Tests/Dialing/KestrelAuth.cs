using System.Net;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Api.Tests.Dialing;

/// <summary>Auth's place taken by an HTTP/2 server with mutual TLS that echoes each body.</summary>
internal sealed class KestrelAuth : IAsyncDisposable
{
    private readonly WebApplication application;

    private KestrelAuth(WebApplication application) => this.application = application;

    public int Port => new Uri(application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;

    public static async Task<KestrelAuth> StartAsync(TestCluster cluster, CancellationToken cancellation)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            // Clients end TLS in their own code and say http.
            kestrel.AllowAlternateSchemes = true;
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                listen.UseHttps(https =>
                {
                    https.ServerCertificate = cluster.Server();
                    https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
                    https.ClientCertificateValidation = (certificate, _, _) => certificate.IssuerName.RawData.AsSpan().SequenceEqual(cluster.UserCa.SubjectName.RawData);
                });
            });
        });
        var application = builder.Build();
        application.Run(async context =>
        {
            context.Response.Headers["x-client"] = context.Connection.ClientCertificate!.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
            // Whole before the answer: a client that sends first and reads later would fill both windows for ever.
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            await context.Response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length), context.RequestAborted);
        });
        await application.StartAsync(cancellation);
        return new KestrelAuth(application);
    }

    public async ValueTask DisposeAsync() => await application.DisposeAsync();
}
