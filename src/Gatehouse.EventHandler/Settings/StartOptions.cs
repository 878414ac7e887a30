using Gatehouse.Hosting.Settings;

namespace Gatehouse.EventHandler.Settings;

/// <summary>
/// The settings of <c>start</c> and <c>check</c> as they may be written: flag, environment, TOML place, type, default (event-handler spec 1).
/// What they become is in <c>StartOptions.Plan.cs</c>.
/// </summary>
public static partial class StartOptions
{
    /// <summary>Fluentd's own limit of a request body.</summary>
    private const int FluentdBodyLimit = 32 * 1024 * 1024;

    /// <summary>Flags of every command of the event handler.</summary>
    public static IReadOnlyList<SettingSpec> Globals { get; } =
    [
        new(SettingSource.ConfigFlag, SettingType.File, "Path to TOML configuration file")
        {
            Letter = 'c',
            Placeholder = "FILE",
            Environment = ["FDFWD_CONFIG"],
            InFile = false,
        },
        new("debug", SettingType.Switch, "Debug logging") { Letter = 'd', Environment = ["FDFWD_DEBUG"] },
    ];

    public static IReadOnlyList<SettingSpec> Settings { get; } =
    [
        .. Fluentd(),
        .. Teleport(),
        .. Ingestion(),
        .. Locking(),
        .. Running(),
    ];

    /// <summary>What says where the state is.</summary>
    public static IReadOnlyList<SettingSpec> StateSettings { get; } = [.. Settings.Where(setting => setting.Name is "storage" or "teleport-addr")];

    /// <summary>What says how to reach the receiver.</summary>
    public static IReadOnlyList<SettingSpec> ReceiverSettings { get; } =
        [.. Settings.Where(setting => setting.Name == "concurrency" || setting.Name.StartsWith("fluentd-", StringComparison.Ordinal))];

    /// <summary>Two spellings each: releases of 2021 to 2025 read FDWRD_, their documentation and later releases say FDFWD_.</summary>
    private static string[] BothSpellings(string name) => [$"FDFWD_{name}", $"FDWRD_{name}"];

    private static SettingSpec[] Fluentd() =>
    [
        new("fluentd-url", SettingType.Text, "Where audit events are posted") { Required = true, Environment = ["FDFWD_FLUENTD_URL"] },
        new("fluentd-session-url", SettingType.Text, "Where session events are posted: .<session id>.log is appended")
        {
            Required = true,
            Environment = ["FDFWD_FLUENTD_SESSION_URL"],
        },
        new("fluentd-cert", SettingType.File, "Client certificate for the receiver (PEM)") { Environment = BothSpellings("FLUENTD_CERT") },
        new("fluentd-key", SettingType.File, "Key of the client certificate (PEM, may be encrypted)") { Environment = BothSpellings("FLUENTD_KEY") },
        new("fluentd-key-passphrase-file", SettingType.File, "File with the passphrase of the key; a newline at its end does not count")
        {
            Environment = ["FDFWD_FLUENTD_KEY_PASSPHRASE_FILE"],
        },
        new("fluentd-key-passphrase", SettingType.Secret, "Passphrase of the key")
        {
            Environment = ["FDFWD_FLUENTD_KEY_PASSPHRASE"],
            OnCommandLine = false,
            InFile = false,
        },
        new("fluentd-ca", SettingType.File, "CA of the receiver (PEM); without it the system's trust store counts") { Environment = BothSpellings("FLUENTD_CA") },
        new("fluentd-max-connections", SettingType.Whole, "Requests in flight; less than 1 means twice the concurrency")
        {
            Default = "0",
            Environment = BothSpellings("MAX_CONNECTIONS"),
        },
        new("fluentd-batch-size", SettingType.Whole, "Events per request: 1 posts one JSON object, more posts JSON arrays")
        {
            Default = "1",
            Environment = ["FDFWD_FLUENTD_BATCH_SIZE"],
        },
        new("fluentd-batch-bytes", SettingType.Whole, "Most bytes of JSON per request; a larger event goes alone")
        {
            Default = "4194304",
            Environment = ["FDFWD_FLUENTD_BATCH_BYTES"],
        },
        new("fluentd-compression", SettingType.Text, "Compression of request bodies: none or gzip")
        {
            Default = "none",
            Choices = ["none", "gzip"],
            Environment = ["FDFWD_FLUENTD_COMPRESSION"],
        },
        new("fluentd-headers", SettingType.SecretMap, "Additional request headers, such as tokens; a table in the file")
        {
            Placeholder = "NAME=VALUE",
            Environment = ["FDFWD_FLUENTD_HEADERS"],
            // Every user of the machine can read a command line.
            OnCommandLine = false,
        },
    ];

    private static SettingSpec[] Teleport() =>
    [
        new("teleport-addr", SettingType.Text, "Host and port of an auth service or proxy")
        {
            Default = "localhost:3025",
            Environment = ["FDFWD_TELEPORT_ADDR"],
        },
        new("teleport-identity", SettingType.File, "Identity file") { Environment = ["FDFWD_TELEPORT_IDENTITY"] },
        new("teleport-refresh-enabled", SettingType.Switch, "Read the identity file again at an interval")
        {
            Environment = ["FDFWD_TELEPORT_REFRESH_ENABLED"],
        },
        new("teleport-refresh-interval", SettingType.Duration, "How often the identity file is read again")
        {
            Default = "1m",
            Environment = ["FDFWD_TELEPORT_REFRESH_INTERVAL"],
        },
        new("teleport-ca", SettingType.File, "CAs of the cluster, with certificate and key instead of an identity file") { Environment = ["FDFWD_TELEPORT_CA"] },
        new("teleport-cert", SettingType.File, "Client certificate for the cluster") { Environment = BothSpellings("TELEPORT_CERT") },
        new("teleport-key", SettingType.File, "Key of that certificate") { Environment = ["FDFWD_TELEPORT_KEY"] },
        new("teleport-debug", SettingType.Switch, "The same as --debug"),
    ];

    private static SettingSpec[] Ingestion() =>
    [
        new("storage", SettingType.Text, "State directory") { Required = true, Environment = ["FDFWD_STORAGE"] },
        new("batch", SettingType.Whole, "Events per page of a search; 0 leaves it to the cluster") { Default = "20", Environment = ["FDFWD_BATCH"] },
        new("namespace", SettingType.Text, "Accepted for old configurations, without effect") { Default = "default", Environment = ["FDFWD_NAMESPACE"] },
        new("types", SettingType.List, "Event types to forward; none means all") { Environment = ["FDFWD_TYPES"] },
        new("skip-event-types", SettingType.List, "Event types not to forward") { Environment = ["FDFWD_SKIP_EVENT_TYPES"] },
        new("skip-session-types", SettingType.List, "Event types of session recordings not to forward")
        {
            Default = "print,desktop.recording",
            Environment = ["FDFWD_SKIP_SESSION_TYPES"],
        },
        new("start-time", SettingType.Instant, "Oldest event time wanted, in RFC 3339; counts on the first run only") { Environment = ["FDFWD_START_TIME"] },
        new("cursor", SettingType.Text, "Start after the event with this id, when there is no state; with a start-time before it") { Environment = ["FDFWD_CURSOR"], Placeholder = "ID" },
        new("timeout", SettingType.Duration, "Pause between polls when there is nothing new") { Default = "5s", Environment = ["FDFWD_TIMEOUT"] },
        new("window-size", SettingType.Duration, "Longest time range of one search") { Default = "24h", Environment = ["FDFWD_WINDOW_SIZE"] },
        new("late-window", SettingType.Duration, "How far behind the newest event a late one is still found")
        {
            Default = "10m",
            Environment = ["FDFWD_LATE_WINDOW"],
        },
        new("dry-run", SettingType.Switch, "Read events but do not send them; separate storage is used") { Environment = ["FDFWD_DRY_RUN"] },
        new("exit-on-last-event", SettingType.Switch, "End when everything is sent") { Environment = ["FDFWD_EXIT_ON_LAST_EVENT"] },
        new("concurrency", SettingType.Whole, "Session recordings read at once") { Default = "5", Environment = ["FDFWD_CONCURRENCY"] },
    ];

    private static SettingSpec[] Locking() =>
    [
        new("lock-enabled", SettingType.Switch, "Lock users after failed logins") { Environment = ["FDFWD_LOCKING_ENABLED"] },
        new("lock-failed-attempts-count", SettingType.Whole, "Failed logins allowed in one lock-period")
        {
            Default = "3",
            Environment = ["FDFWD_LOCKING_FAILED_ATTEMPTS"],
        },
        new("lock-period", SettingType.Duration, "The time in which failed logins are counted") { Default = "1m", Environment = ["FDFWD_LOCKING_PERIOD"] },
        new("lock-for", SettingType.Duration, "How long a lock lasts; unset or 0 means for ever") { Environment = ["FDFWD_LOCKING_FOR"] },
    ];

    private static SettingSpec[] Running() =>
    [
        new("diag-addr", SettingType.Text, "Where /healthz, /readyz and /metrics listen, such as 127.0.0.1:3000")
        {
            Placeholder = "HOST:PORT",
            Environment = ["FDFWD_DIAG_ADDR"],
        },
        new("log-format", SettingType.Text, "Form of log lines: text or json")
        {
            Default = "text",
            Choices = ["text", "json"],
            Environment = ["FDFWD_LOG_FORMAT"],
        },
    ];
}
