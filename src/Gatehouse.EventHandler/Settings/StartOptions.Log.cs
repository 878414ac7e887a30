using System.Globalization;
using Gatehouse.Hosting.Settings;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler.Settings;

public static partial class StartOptions
{
    /// <summary>
    /// The effective settings as log lines, in upstream's order and words (event-handler spec 3.3), then what it does not print; then the
    /// warnings about the settings. Passwords are dots.
    /// </summary>
    public static void LogPlan(ILogger log, ExportPlan plan)
    {
        SettingsLog.BatchSize(log, plan.Batch);
        SettingsLog.Concurrency(log, plan.Concurrency);
        SettingsLog.Types(log, string.Join(' ', plan.Types));
        SettingsLog.SkipEventTypes(log, Shown(plan.SkipEventTypes));
        SettingsLog.SkipSessionTypes(log, Shown(plan.SkipSessionTypes));
        SettingsLog.StartTime(log, plan.StartTime?.ToString("yyyy-MM-dd'T'HH:mm:ssK", CultureInfo.InvariantCulture) ?? "<nil>");
        SettingsLog.Timeout(log, GoDuration.Format(plan.Timeout));
        SettingsLog.WindowSize(log, GoDuration.Format(plan.WindowSize));
        SettingsLog.LateWindow(log, GoDuration.Format(plan.LateWindow));
        LogFluentd(log, plan.Fluentd);
        LogTeleport(log, plan.Teleport);
        SettingsLog.Storage(log, plan.Storage);
        if (plan.Lock.Enabled)
            SettingsLog.AutoLocking(log, plan.Lock.FailedAttemptsCount, GoDuration.Format(plan.Lock.Period), plan.Lock.For == TimeSpan.Zero ? "ever" : GoDuration.Format(plan.Lock.For));
        foreach (var setting in plan.Settings)
            SettingsLog.Origin(log, setting.Name, setting.Value, setting.Origin.Text);
        foreach (var warning in plan.Warnings)
            SettingsLog.Warning(log, warning.ToString());
    }

    private static void LogFluentd(ILogger log, FluentdPlan plan)
    {
        SettingsLog.FluentdUrl(log, MaskedUrl.Of(plan.Url));
        SettingsLog.FluentdSessionUrl(log, MaskedUrl.Of(plan.SessionUrl));
        SettingsLog.FluentdCa(log, plan.Ca ?? "");
        SettingsLog.FluentdCert(log, plan.Cert ?? "");
        SettingsLog.FluentdKey(log, plan.Key ?? "");
        SettingsLog.FluentdMaxConnections(log, plan.MaxConnections);
        if (plan.BatchSize > 1)
            SettingsLog.FluentdBatches(log, plan.BatchSize, plan.BatchBytes, plan.Gzip ? "gzip" : "none");
    }

    private static void LogTeleport(ILogger log, TeleportPlan plan)
    {
        if (plan.Identity is not null)
        {
            SettingsLog.TeleportIdentity(log, plan.Identity);
            if (plan.RefreshEnabled)
                SettingsLog.TeleportRefresh(log, GoDuration.Format(plan.RefreshInterval));
        }
        SettingsLog.TeleportAddr(log, plan.Addr);
        if (plan.Key is null)
            return;
        SettingsLog.TeleportCa(log, plan.Ca ?? "");
        SettingsLog.TeleportCert(log, plan.Cert ?? "");
        SettingsLog.TeleportKey(log, plan.Key);
    }

    private static string Shown(IReadOnlySet<string> types) => string.Join(' ', types.Order(StringComparer.Ordinal));
}
