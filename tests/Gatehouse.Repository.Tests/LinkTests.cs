using System.Text.RegularExpressions;
using Xunit;

namespace Gatehouse.Repository.Tests;

/// <summary>Links between the pages of this repository lead somewhere.</summary>
public sealed partial class LinkTests
{
    /// <summary>Made by builds or by others.</summary>
    private static readonly HashSet<string> NotOurs = [".git", "artifacts", "bin", "data", "node_modules", "obj"];

    public static TheoryData<string> Pages() =>
        [.. PagesBelow(Testing.Repository.Root).Select(path => Path.GetRelativePath(Testing.Repository.Root, path))];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_link_to_a_file_finds_it(string page)
    {
        var path = Testing.Repository.PathOf(page);
        var broken = Links().Matches(WithoutCode(File.ReadAllText(path)))
            .Select(match => match.Groups["target"].Value)
            .Where(target => !target.StartsWith('#') && !Scheme().IsMatch(target))
            .Where(target => !Path.Exists(Path.Combine(Path.GetDirectoryName(path)!, Uri.UnescapeDataString(target.Split('#')[0]))))
            .ToList();
        Assert.True(broken.Count == 0, $"{page} links to what is not there: {string.Join(", ", broken)}");
    }

    private static IEnumerable<string> PagesBelow(string folder) =>
        Directory.EnumerateFiles(folder, "*.md")
            .Concat(Directory.EnumerateDirectories(folder).Where(below => !NotOurs.Contains(Path.GetFileName(below))).SelectMany(PagesBelow));

    private static string WithoutCode(string text) => Inline().Replace(Fenced().Replace(text, ""), "");

    [GeneratedRegex(@"\[[^\]]*\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Links();

    [GeneratedRegex("^[a-z][a-z0-9+.-]*:", RegexOptions.IgnoreCase)]
    private static partial Regex Scheme();

    [GeneratedRegex("^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fenced();

    [GeneratedRegex("`[^`\n]*`")]
    private static partial Regex Inline();
}
