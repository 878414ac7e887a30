namespace Gatehouse.Hosting.Settings;

/// <summary>One thing wrong with the settings. Checking lists all of them at once.</summary>
/// <param name="Key">The setting as the user wrote it: a flag, a TOML key, an environment name.</param>
/// <param name="Text">What is wrong, in the words of the spec where it has some.</param>
/// <param name="Hint">What to do about it; null when the text says it.</param>
public sealed record ConfigurationProblem(string Key, string Text, string? Hint = null)
{
    public override string ToString() => Hint is null ? Text : $"{Text} ({Hint})";
}
