using System.Globalization;
using Gatehouse.Cluster;
using Gatehouse.Cluster.Auth;
using Gatehouse.Hosting.Settings;

namespace Gatehouse.Cli.Commands;

/// <summary><c>gatehouse auth sign</c>: a credential for a user, made on the auth host from the cluster's files, without a login.</summary>
internal static class AuthSignCommand
{
    public static CommandSpec Spec { get; } = new("sign", "Create a credential for a user")
    {
        Settings =
        [
            ClusterSettings.DataDir,
            new("user", SettingType.Text, "The user it is for") { Required = true, Placeholder = "NAME" },
            new("out", SettingType.Text, "The file to write, or what the three files of --format=tls begin with") { Letter = 'o', Required = true, Placeholder = "FILE" },
            new("format", SettingType.Text, "file for an identity file, tls for key, certificate and CAs") { Default = "file", Choices = ["file", "tls"] },
            new("ttl", SettingType.Duration, "How long it is valid") { Default = "12h" },
            new("roles", SettingType.List, "Roles of a new user, or new ones of a known one"),
            new("overwrite", SettingType.Switch, "Replace files that are there"),
            ClusterSettings.ClusterName,
        ],
        Examples = ["--data-dir /var/lib/gatehouse --user teleport-event-handler --out identity --ttl 720h"],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(CommandCall call, CancellationToken cancellation)
    {
        var values = call.Values;
        try
        {
            var result = await AuthSign.RunAsync(
                new SignRequest
                {
                    DataDir = call.Around.Absolute(values.Text("data-dir")!),
                    User = values.Text("user")!,
                    Out = call.Around.Absolute(values.Text("out")!),
                    Format = values.Text("format") == "tls" ? CredentialFormat.Tls : CredentialFormat.File,
                    Ttl = values.Duration("ttl")!.Value,
                    Roles = values.List("roles"),
                    ClusterName = values.Text("cluster-name"),
                    Overwrite = values.Switch("overwrite"),
                },
                TimeProvider.System,
                cancellation);
            var until = result.NotAfter.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            await call.Out.WriteLineAsync($"The credential has been written to {string.Join(", ", result.Files)} (roles {string.Join(", ", result.Roles)}; valid until {until})");
            return 0;
        }
        catch (ClusterException failure)
        {
            return await call.FailAsync(failure.Message);
        }
    }
}
