using Gatehouse.EventHandler.Configure;
using Gatehouse.Hosting.Settings;

namespace Gatehouse.Cli.Commands;

/// <summary><c>event-handler configure</c>: from arguments and flags to <see cref="ConfigureCommand"/>.</summary>
internal static class ConfigureCommandLine
{
    public static CommandSpec Spec { get; } = new("configure", "Generate mTLS certificates for Fluentd")
    {
        Arguments =
        [
            new("out", SettingType.Directory, "Output directory") { Required = true },
            new("addr", SettingType.Text, "Teleport auth proxy instance address") { Default = "localhost:3025" },
            new("ca-name", SettingType.Text, "CA certificate and key name") { Default = "ca" },
            new("server-name", SettingType.Text, "Server certificate and key name") { Default = "server" },
            new("client-name", SettingType.Text, "Client certificate and key name") { Default = "client" },
        ],
        Settings =
        [
            new("output", SettingType.Text, "Accepted for old scripts, without effect") { Default = "fluentd" },
            new("ttl", SettingType.Duration, "Certificate TTL") { Default = "87600h" },
            new("dns-names", SettingType.List, "Certificate SAN hosts") { Default = "localhost" },
            new("ip", SettingType.List, "Certificate SAN IPs; without any, the hosts are looked up"),
            new("length", SettingType.Whole, "Key length") { Default = "4096", Choices = ["1024", "2048", "4096"] },
            new("cn", SettingType.Text, "Common name of the server's certificate"),
            new("force", SettingType.Switch, "Replace existing files without asking"),
        ],
        Examples = [". teleport.example.com:443", ". --dns-names=fluentd.example.com --ip=10.1.2.3 --force"],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(CommandCall call, CancellationToken cancellation)
    {
        await call.WarnAsync();
        var values = call.Values;
        var plan = new ConfigurePlan
        {
            OutDirectory = values.Text("out")!,
            Addr = values.Text("addr")!,
            CaName = values.Text("ca-name")!,
            ServerName = values.Text("server-name")!,
            ClientName = values.Text("client-name")!,
            Ttl = values.Duration("ttl")!.Value,
            DnsNames = values.List("dns-names"),
            Ips = values.List("ip"),
            KeyLength = values.Whole("length")!.Value,
            CommonName = values.Text("cn"),
            Force = values.Switch("force"),
            App = call.App,
            ReadPassword = StandardInputPassword.ReadAsync,
            Header = $"Teleport event handler {VersionCommand.Version} {VersionCommand.GitRef}".TrimEnd(),
        };
        return await ConfigureCommand.RunAsync(plan, call.Out, call.Error, Console.IsInputRedirected ? null : AskAsync, cancellation);

        async ValueTask<string?> AskAsync(string question, CancellationToken asked)
        {
            await call.Out.WriteAsync($"{question} ");
            await call.Out.FlushAsync(asked);
            return Console.In.ReadLine();
        }
    }
}
