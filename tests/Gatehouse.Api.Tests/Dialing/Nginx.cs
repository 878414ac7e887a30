using System.Net;
using System.Net.Sockets;
using Gatehouse.Testing;

namespace Gatehouse.Api.Tests.Dialing;

/// <summary>
/// A real nginx, standing for a proxy with TLS routing (its stream module reads the hello and passes the connection on without ending
/// TLS) or for a load balancer that ends TLS.
/// </summary>
internal sealed class Nginx : IDisposable
{
    private static readonly string[] BufferKinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    private const string StreamModule = "/usr/lib/nginx/modules/ngx_stream_module.so";
    private readonly PeerProcess process;

    private Nginx(PeerProcess process, int port) => (this.process, Port) = (process, port);

    public int Port { get; }

    /// <summary>Passes hellos that ask for Auth on to it; everything else gets the proxy's web listener with the given certificate.</summary>
    public static async Task<Nginx> RoutingAsync(TemporaryFolder folder, int authPort, WebIdentity web, CancellationToken cancellation)
    {
        Peer.RequireThat(File.Exists(StreamModule), "nginx's stream module is not installed; ./build.sh test installs it");
        var inner = FreePort();
        return await StartAsync(folder, port => $$"""
            load_module {{StreamModule}};
            stream {
              map $ssl_preread_alpn_protocols $peer {
                ~^teleport-auth@ 127.0.0.1:{{authPort}};
                default 127.0.0.1:{{inner}};
              }
              server {
                listen 127.0.0.1:{{port}};
                ssl_preread on;
                proxy_pass $peer;
              }
            }
            http {
              {{Temporary(folder)}}
              server {
                listen 127.0.0.1:{{inner}} ssl http2;
                {{Certificate(folder, web)}}
                location / { return 200; }
              }
            }
            """, cancellation);
    }

    /// <summary>Ends TLS, knows no ALPN but HTTP's, and passes upgrades on in plain HTTP.</summary>
    public static Task<Nginx> BalancerAsync(TemporaryFolder folder, int backendPort, WebIdentity web, CancellationToken cancellation) =>
        StartAsync(folder, port => $$"""
            http {
              {{Temporary(folder)}}
              server {
                listen 127.0.0.1:{{port}} ssl;
                {{Certificate(folder, web)}}
                location / {
                  proxy_pass http://127.0.0.1:{{backendPort}};
                  proxy_http_version 1.1;
                  proxy_set_header Host $http_host;
                  proxy_set_header Upgrade $http_upgrade;
                  proxy_set_header Connection upgrade;
                }
              }
            }
            """, cancellation);

    public void Dispose() => process.Dispose();

    private static async Task<Nginx> StartAsync(TemporaryFolder folder, Func<int, string> configuration, CancellationToken cancellation)
    {
        var nginx = Peer.Require("nginx");
        var port = FreePort();
        var text = $"""
            daemon off;
            master_process off;
            pid {folder["nginx.pid"]};
            error_log stderr notice;
            events {"{}"}
            {configuration(port)}
            """;
        // load_module must come before everything else.
        if (text.Contains("load_module", StringComparison.Ordinal))
        {
            var load = $"load_module {StreamModule};";
            text = load + "\n" + text.Replace(load, "", StringComparison.Ordinal);
        }
        var file = folder.Write("nginx.conf", text);
        // Its listening sockets are open before it tells its limits.
        return new Nginx(
            await PeerProcess.StartAsync(nginx, folder.Path, ["-c", file, "-p", folder.Path], line => line.Contains("getrlimit", StringComparison.Ordinal), cancellation),
            port);
    }

    private static string Temporary(TemporaryFolder folder) => string.Join('\n', BufferKinds
        .Select(kind => $"{kind}_temp_path {folder[kind]};").Append("access_log off;"));

    private static string Certificate(TemporaryFolder folder, WebIdentity web) =>
        $"ssl_certificate {folder.Write("web.crt", web.CertificatePem)}; ssl_certificate_key {folder.Write("web.key", web.KeyPem)};";

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
