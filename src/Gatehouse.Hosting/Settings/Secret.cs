namespace Gatehouse.Hosting.Settings;

/// <summary>A value that never shows itself: logs, dumps and error texts get dots.</summary>
public sealed class Secret(string value)
{
    /// <summary>The value itself, for the one place that needs it.</summary>
    public string Reveal() => value;

    public override string ToString() => "••••••";
}
