using System.Globalization;
using Gatehouse.EventHandler.Outputs.Fluentd;
using Gatehouse.Hosting.Settings;

namespace Gatehouse.EventHandler.Settings;

public static partial class StartOptions
{
    /// <summary>The receiver's part of the settings alone, for commands that need no cluster. Null when its URLs are missing.</summary>
    public static FluentdPlan? PlanReceiver(SettingValues values, ProblemList problems)
    {
        if (values.IsGiven("fluentd-cert") != values.IsGiven("fluentd-key"))
            problems.Add("fluentd-cert", "both fluentd_cert and fluentd_key should be specified");
        var size = values.Whole("fluentd-batch-size")!.Value;
        if (size < 1)
            problems.Add("fluentd-batch-size", $"[forward.fluentd] batch-size is {size}", "1 posts one JSON object a request, more posts arrays");
        var bytes = values.Whole("fluentd-batch-bytes")!.Value;
        if (bytes < 1024)
            problems.Add("fluentd-batch-bytes", $"[forward.fluentd] batch-bytes is {bytes}", "it must be at least 1024; 4194304 is usual");
        else if (bytes > FluentdBodyLimit)
            problems.Warn("fluentd-batch-bytes", $"[forward.fluentd] batch-bytes is {bytes}", $"Fluentd refuses bodies above {FluentdBodyLimit} bytes unless its body_size_limit says otherwise");
        var passphrase = ReadPassphrase(values, problems);
        if (values.Text("fluentd-url") is not { } url || values.Text("fluentd-session-url") is not { } sessionUrl)
            return null;
        var plan = new FluentdPlan
        {
            Url = url,
            SessionUrl = sessionUrl,
            Ca = values.Text("fluentd-ca"),
            Cert = values.Text("fluentd-cert"),
            Key = values.Text("fluentd-key"),
            KeyPassphrase = passphrase,
            MaxConnections = values.Whole("fluentd-max-connections") is >= 1 and var connections ? connections : Concurrency(values) * 2,
            BatchSize = size,
            BatchBytes = bytes,
            Gzip = values.Text("fluentd-compression") == "gzip",
            Headers = values.Map("fluentd-headers"),
        };
        var (wrong, odd) = FluentdCheck.Run(plan);
        foreach (var problem in wrong)
            problems.Add(problem.Key, $"{Named(problem.Key)}: {problem.Text}", problem.Hint);
        foreach (var warning in odd)
            problems.Warn(warning.Key, $"{Named(warning.Key)}: {warning.Text}", warning.Hint);
        return plan;

        static string Named(string key) => key.StartsWith('[') ? key : $"--{key}";
    }

    private static Secret? ReadPassphrase(SettingValues values, ProblemList problems)
    {
        var direct = values.Secret("fluentd-key-passphrase");
        if (values.Text("fluentd-key-passphrase-file") is not { } file)
            return direct;
        if (direct is not null)
            problems.Warn("fluentd-key-passphrase", $"{values.OriginOf("fluentd-key-passphrase")} is ignored: the passphrase file counts");
        try
        {
            if (new FileInfo(file).Length > 64 * 1024)
            {
                problems.Add("fluentd-key-passphrase-file", string.Create(CultureInfo.InvariantCulture, $"{file} has more than 64 KiB"), "is it the passphrase file?");
                return null;
            }
            var text = File.ReadAllText(file);
            return new Secret(text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            problems.Add("fluentd-key-passphrase-file", $"--fluentd-key-passphrase-file: {file} cannot be read: {failure.Message}");
            return null;
        }
    }
}
