using System.Diagnostics.Metrics;

namespace Gatehouse.Cluster;

/// <summary>What the auth service counts.</summary>
internal static class ClusterMetrics
{
    public const string MeterName = "Gatehouse.Cluster";
    private static readonly Meter Meter = new(MeterName);

    public static Counter<long> EventsAppended { get; } = Meter.CreateCounter<long>("gatehouse_cluster_events_appended", "{event}", "Events logged by the cluster itself.");

    public static Counter<long> EventsExported { get; } = Meter.CreateCounter<long>("gatehouse_cluster_events_exported", "{event}", "Events given to exporters.");

    public static Counter<long> EventsSearched { get; } = Meter.CreateCounter<long>("gatehouse_cluster_events_searched", "{event}", "Events given in search pages.");

    public static Counter<long> LoginsRefused { get; } = Meter.CreateCounter<long>("gatehouse_cluster_logins_refused", "{login}", "Clients whose certificate or lock state was refused.");
}
