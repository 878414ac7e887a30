using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Threading.Channels;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.Api.Tests.Grpc;

/// <summary>The scripts of <c>peers/</c>: a second gRPC implementation as server or as client.</summary>
internal sealed class NodePeer : IAsyncDisposable
{
    private static readonly string Folder = Repository.PathOf("tests", "Gatehouse.Api.Tests", "peers");

    private readonly Process _process;
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

    private NodePeer(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is null)
                _lines.Writer.TryComplete();
            else
                _lines.Writer.TryWrite(line.Data);
        };
        process.BeginOutputReadLine();
    }

    public int Port { get; private set; }

    public static async Task<NodePeer> StartServerAsync(TestPki? pki = null)
    {
        string[] tls = pki is null ? [] : [pki.CaFile, pki.ServerCertificateFile, pki.ServerKeyFile];
        var peer = new NodePeer(Start("grpc-server.js", tls));
        peer.Port = int.Parse((await peer.WaitForAsync("port "))[5..], CultureInfo.InvariantCulture);
        return peer;
    }

    /// <summary>One call by the node client.</summary>
    public static async Task<JsonElement> CallAsync(int port, string method, object request, object? options = null, string rawMethod = "")
    {
        using var process = Start(
            "grpc-client.js",
            [port.ToString(CultureInfo.InvariantCulture), method, JsonSerializer.Serialize(request), JsonSerializer.Serialize(options ?? new { })],
            ("RAW_METHOD", rawMethod));
        var output = await process.StandardOutput.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);
        Assert.True(output.Length > 0, "the node client said nothing");
        return JsonDocument.Parse(output).RootElement;
    }

    public async Task<string> WaitForAsync(string beginning)
    {
        await foreach (var line in _lines.Reader.ReadAllAsync(Cancellation))
        {
            if (line.StartsWith(beginning, StringComparison.Ordinal))
                return line;
        }
        throw new InvalidOperationException($"node ended without saying '{beginning}'");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static Process Start(string script, string[] arguments, params (string Name, string Value)[] environment)
    {
        var node = Peer.Require("node");
        Peer.RequireThat(Directory.Exists(Path.Combine(Folder, "node_modules", "@grpc")), "@grpc/grpc-js is not installed; ./build.sh test installs it");
        var start = new ProcessStartInfo(node) { RedirectStandardOutput = true, RedirectStandardInput = true, WorkingDirectory = Folder };
        start.ArgumentList.Add(script);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }
}
