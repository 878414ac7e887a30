using System.Globalization;
using System.Text;
using Gatehouse.Hosting.Settings.Toml;

namespace Gatehouse.Cli.Up;

/// <summary>The handler's configuration, as anybody would write it. The handler of <c>up</c> reads this file and nothing else.</summary>
internal static class HandlerSettings
{
    public static string Write(UpPlan plan, UpDirectory directory, UpMemory memory)
    {
        var here = $"https://localhost:{memory.ReceiverPort}";
        var receiver = plan.Receiver ?? new OutsideReceiver(
            here + "/events.log",
            here + "/session",
            Path.Combine(directory.Certificates, "ca.crt"),
            Path.Combine(directory.Certificates, "client.crt"),
            Path.Combine(directory.Certificates, "client.key"));
        var text = new StringBuilder();
        text.AppendLine("# Written by gatehouse up at each start.");
        Add("storage", directory.State);
        Add("start-time", memory.FirstDay!.Value.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        Add("timeout", "1s");
        text.AppendLine();
        text.AppendLine("[forward.fluentd]");
        Add("url", receiver.Url);
        Add("session-url", receiver.SessionUrl);
        Add("ca", receiver.Ca);
        Add("cert", receiver.Cert);
        Add("key", receiver.Key);
        text.AppendLine("batch-size = 500");
        text.AppendLine();
        text.AppendLine("[teleport]");
        Add("addr", $"127.0.0.1:{memory.AuthPort}");
        Add("identity", directory.Identity);
        text.AppendLine("refresh.enabled = true");
        return text.ToString();

        void Add(string key, string? value)
        {
            if (value is not null)
                text.AppendLine(CultureInfo.InvariantCulture, $"{key} = {TomlText.Quote(value)}");
        }
    }
}
