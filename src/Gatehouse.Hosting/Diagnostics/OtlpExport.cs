using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Gatehouse.Hosting.Diagnostics;

/// <summary>
/// Pushes the metrics by OTLP as the standard <c>OTEL_*</c> variables say. The packages behind it cost start-up time, so nothing of them
/// is touched unless one of these variables asks for it.
/// </summary>
public static class OtlpExport
{
    /// <param name="service">Name of the service, unless OTEL_SERVICE_NAME gives another.</param>
    /// <param name="environment">The process' environment.</param>
    /// <returns>Ends the export, after a last push, when disposed; null when nobody asked for it.</returns>
    public static IDisposable? Start(string service, string version, IReadOnlyDictionary<string, string?> environment) =>
        IsWanted(environment) ? Build(service, version, environment) : null;

    internal static bool IsWanted(IReadOnlyDictionary<string, string?> environment)
    {
        string Value(string name) => environment.GetValueOrDefault(name)?.Trim() ?? "";
        if (Value("OTEL_SDK_DISABLED").Equals("true", StringComparison.OrdinalIgnoreCase))
            return false;
        if (Value("OTEL_METRICS_EXPORTER") is { Length: > 0 } exporters)
            return exporters.Split(',', StringSplitOptions.TrimEntries).Contains("otlp", StringComparer.OrdinalIgnoreCase);
        return Value("OTEL_EXPORTER_OTLP_ENDPOINT").Length + Value("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT").Length > 0;
    }

    private static MeterProvider Build(string service, string version, IReadOnlyDictionary<string, string?> environment)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(environment).Build();
        return Sdk.CreateMeterProviderBuilder()
            .ConfigureServices(services => services.AddSingleton<IConfiguration>(configuration))
            // The environment comes last and so has the last word.
            .SetResourceBuilder(ResourceBuilder.CreateEmpty()
                .AddTelemetrySdk()
                .AddService(service, serviceVersion: version)
                .AddEnvironmentVariableDetector())
            .AddMeter("Gatehouse.*", "System.Runtime")
            .AddOtlpExporter()
            .Build();
    }
}
