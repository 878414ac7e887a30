using System.Globalization;
using Gatehouse.Hosting.Settings;

namespace Gatehouse.EventHandler;

public static partial class StartOptions
{
    private static FluentdPlan? PlanFluentd(SettingValues values, ProblemList problems)
    {
        if (values.IsGiven("fluentd-cert") != values.IsGiven("fluentd-key"))
            problems.Add("fluentd-cert", "both fluentd_cert and fluentd_key should be specified");
        CheckUrl(values.Text("fluentd-url"), problems);
        CheckSessionUrl(values.Text("fluentd-session-url"), problems);
        CheckHeaders(values.Map("fluentd-headers"), problems);
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
        return new FluentdPlan
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
    }

    private static void CheckUrl(string? url, ProblemList problems)
    {
        if (url is not null && !IsHttp(url))
            problems.Add("fluentd-url", $"--fluentd-url: \"{MaskedUrl.Of(url)}\" is not a URL events can be posted to", "such as https://fluentd.example.com:8888/test.log");
    }

    /// <summary>The session id is appended to the text, so the text alone may be a URL while the result is none (spec 5.1).</summary>
    private static void CheckSessionUrl(string? url, ProblemList problems)
    {
        if (url is null)
            return;
        var shown = MaskedUrl.Of(url);
        if (!IsHttp(url + ".0a1b2c3d.log"))
        {
            problems.Add(
                "fluentd-session-url",
                $"--fluentd-session-url: with .<session id>.log appended \"{shown}\" is not a URL",
                "it needs a path, such as https://fluentd.example.com:8888/session");
        }
        else if (url.Contains('#', StringComparison.Ordinal))
        {
            problems.Warn("fluentd-session-url", $"--fluentd-session-url: \"{shown}\" has a # that swallows the session id");
        }
        else if (new Uri(url + ".0a1b2c3d.log").Host.EndsWith(".0a1b2c3d.log", StringComparison.Ordinal))
        {
            problems.Warn("fluentd-session-url", $"--fluentd-session-url: \"{shown}\" has no path, so the session id becomes part of the host name");
        }
    }

    private static bool IsHttp(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.Host.Length > 0;

    private static void CheckHeaders(IReadOnlyDictionary<string, Secret> headers, ProblemList problems)
    {
        // RFC 9110: a name is a token, a value has no control characters; anything else could end the header early.
        const string TokenMarks = "!#$%&'*+-.^_`|~";
        foreach (var (name, value) in headers)
        {
            if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || TokenMarks.Contains(c, StringComparison.Ordinal)))
                problems.Add("fluentd-headers", $"[forward.fluentd.headers] \"{name}\" is not a header name");
            else if (name.ToLowerInvariant() is "content-length" or "transfer-encoding" or "connection" or "host")
                problems.Add("fluentd-headers", $"[forward.fluentd.headers] {name} belongs to the connection and cannot be set");
            if (value.Reveal().Any(c => c is < ' ' and not '\t' or '\u007f' or > '\u00ff'))
                problems.Add("fluentd-headers", $"[forward.fluentd.headers] the value of {name} has characters a header cannot carry");
        }
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
