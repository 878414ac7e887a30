using System.Globalization;
using System.Text.RegularExpressions;

namespace Gatehouse.EventHandler.State;

/// <summary>Times as upstream writes them into its files: RFC 3339 with any number of fractional digits, the zone kept.</summary>
internal static partial class Rfc3339
{
    public static bool TryParse(string text, out DateTimeOffset time)
    {
        time = default;
        var match = Form().Match(text);
        if (!match.Success)
            return false;
        if (!DateTime.TryParseExact(match.Groups["clock"].Value, "yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var clock))
            return false;
        var digits = match.Groups["fraction"].Value;
        var ticks = clock.Ticks + (digits.Length == 0 ? 0 : long.Parse(digits.PadRight(7, '0')[..7], CultureInfo.InvariantCulture));
        var offset = Offset(match.Groups["zone"].Value);
        var utc = ticks - offset.Ticks;
        if (utc < 0 || utc > DateTime.MaxValue.Ticks)
            return false;
        // Go allows zones that .NET does not know; the instant is what counts.
        var keepsZone = offset.Duration() <= TimeSpan.FromHours(14);
        time = keepsZone ? new DateTimeOffset(ticks, offset) : new DateTimeOffset(utc, TimeSpan.Zero);
        return true;
    }

    /// <summary>Seconds, and <c>Z</c> for UTC: 20 or 25 characters.</summary>
    public static string Format(DateTimeOffset time) =>
        time.Offset == TimeSpan.Zero
            ? time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)
            : time.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture);

    public static DateTimeOffset TruncateToSeconds(DateTimeOffset time) => time.AddTicks(-(time.Ticks % TimeSpan.TicksPerSecond));

    private static TimeSpan Offset(string zone)
    {
        if (zone == "Z")
            return TimeSpan.Zero;
        var minutes = int.Parse(zone.AsSpan(1, 2), CultureInfo.InvariantCulture) * 60 + int.Parse(zone.AsSpan(4, 2), CultureInfo.InvariantCulture);
        return TimeSpan.FromMinutes(zone[0] == '-' ? -minutes : minutes);
    }

    [GeneratedRegex(@"^(?<clock>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,](?<fraction>\d{1,30}))?(?<zone>Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)\z", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
