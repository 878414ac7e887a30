using System.Collections;
using Gatehouse.EventHandler;
using Gatehouse.Hosting.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Cli.Commands;

/// <summary>What the handler shows of itself: health, readiness and metrics over HTTP, and metrics pushed by OTLP when the environment asks for it.</summary>
internal sealed class HandlerDiagnostics : IAsyncDisposable
{
    private readonly MetricsCollector? _collector;
    private readonly IDisposable? _otlp;
    private DiagnosticsServer? _server;

    private HandlerDiagnostics(MetricsCollector? collector, IDisposable? otlp, EventHandlerStatus status) =>
        (_collector, _otlp, Status) = (collector, otlp, status);

    public EventHandlerStatus Status { get; }

    /// <param name="address">Where to listen; null for nowhere.</param>
    /// <exception cref="IOException">Nothing can listen there.</exception>
    public static async Task<HandlerDiagnostics> StartAsync(string? address, string version, ILoggerFactory logs, CancellationToken cancellation)
    {
        // Listeners first: they count only what is counted after them.
        var collector = address is null ? null : new MetricsCollector();
        var otlp = OtlpExport.Start("gatehouse-event-handler", version, EnvironmentVariables());
        var diagnostics = new HandlerDiagnostics(collector, otlp, new EventHandlerStatus(TimeProvider.System));
        if (address is null || collector is null)
            return diagnostics;
        try
        {
            var where = DiagnosticsAddress.TryParse(address, out var problem) ?? throw new IOException(problem);
            diagnostics._server = await DiagnosticsServer.StartAsync(where, diagnostics.Readiness(), collector, logs, cancellation);
            return diagnostics;
        }
        catch
        {
            await diagnostics.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        _otlp?.Dispose();
        _collector?.Dispose();
        Status.Dispose();
    }

    private ReadinessRegistry Readiness()
    {
        var readiness = new ReadinessRegistry();
        foreach (var (part, whyNot) in Status.Parts)
            readiness.Add(part, whyNot);
        return readiness;
    }

    private static Dictionary<string, string?> EnvironmentVariables() =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value);
}
