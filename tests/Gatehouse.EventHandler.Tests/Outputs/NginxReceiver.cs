using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Gatehouse.Testing;

namespace Gatehouse.EventHandler.Tests.Outputs;

/// <summary>nginx as a receiver that demands a client certificate; answers every POST with 200.</summary>
internal sealed class NginxReceiver : IDisposable
{
    private readonly Process _process;
    private readonly int _port = FreePort();

    /// <param name="folder">With ca.crt, server.crt, server.key, client.crt, client.key as the README's recipe makes them; the server key is plain.</param>
    public NginxReceiver(string folder)
    {
        Folder = folder;
        var configuration = Path.Combine(folder, "nginx.conf");
        File.WriteAllText(configuration, string.Create(CultureInfo.InvariantCulture, $$"""
            daemon off;
            master_process off;
            pid {{folder}}/nginx.pid;
            error_log {{folder}}/error.log;
            events { }
            http {
              access_log off;
              client_body_temp_path {{folder}}/body; proxy_temp_path {{folder}}/proxy; fastcgi_temp_path {{folder}}/fastcgi;
              uwsgi_temp_path {{folder}}/uwsgi; scgi_temp_path {{folder}}/scgi;
              server {
                listen 127.0.0.1:{{_port}} ssl;
                ssl_certificate {{folder}}/server.crt;
                ssl_certificate_key {{folder}}/server.key;
                ssl_client_certificate {{folder}}/ca.crt;
                ssl_verify_client on;
                location / { return 200; }
              }
            }
            """));
        var start = new ProcessStartInfo(Peer.Require("nginx")) { RedirectStandardError = true };
        foreach (var argument in new[] { "-p", folder, "-c", configuration, "-e", Path.Combine(folder, "error.log") })
            start.ArgumentList.Add(argument);
        _process = Process.Start(start)!;
    }

    public string Folder { get; }

    public string Url => $"https://localhost:{_port}/test.log";

    public string Ca => Path.Combine(Folder, "ca.crt");

    public string ClientCert => Path.Combine(Folder, "client.crt");

    public string ClientKey => Path.Combine(Folder, "client.key");

    /// <summary>Ends when it listens; there is no other signal than that a connection succeeds.</summary>
    public async Task WhenReadyAsync(CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(TimeSpan.FromSeconds(20));
        while (true)
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(IPAddress.Loopback, _port, patience.Token);
                return;
            }
            catch (SocketException) when (!_process.HasExited)
            {
                await Task.Delay(20, patience.Token);
            }
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
