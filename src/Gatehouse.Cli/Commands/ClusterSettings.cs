using Gatehouse.Hosting.Settings;

namespace Gatehouse.Cli.Commands;

/// <summary>Settings that several commands of the cluster share.</summary>
internal static class ClusterSettings
{
    public static SettingSpec DataDir { get; } = new("data-dir", SettingType.Text, "Folder of everything the cluster keeps")
    {
        Required = true,
        Placeholder = "DIR",
        Environment = ["GATEHOUSE_DATA_DIR"],
    };

    public static SettingSpec ClusterName { get; } = new("cluster-name", SettingType.Text, "Name of a new cluster; the machine's name when not set")
    {
        Placeholder = "NAME",
        Environment = ["GATEHOUSE_CLUSTER_NAME"],
    };

    public static SettingSpec Debug { get; } = new("debug", SettingType.Switch, "Debug logging") { Letter = 'd' };

    public static SettingSpec LogFormat { get; } = new("log-format", SettingType.Text, "Form of log lines: text or json")
    {
        Default = "text",
        Choices = ["text", "json"],
    };
}
