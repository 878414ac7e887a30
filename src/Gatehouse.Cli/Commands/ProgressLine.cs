using System.Globalization;

namespace Gatehouse.Cli.Commands;

/// <summary>A bar that is drawn over itself on a terminal.</summary>
internal sealed class ProgressLine(TextWriter terminal)
{
    private const int Width = 30;
    private bool _drawn;

    public void Draw(long done, long total, string text)
    {
        var share = total <= 0 ? 1 : Math.Clamp((double)done / total, 0, 1);
        var filled = (int)(share * Width);
        var bar = new string('#', filled) + new string('.', Width - filled);
        // Erases to the end of the line, so that a shorter text leaves nothing behind.
        terminal.Write(string.Create(CultureInfo.InvariantCulture, $"\r[{bar}] {share * 100,3:0} %  {text}\u001b[K"));
        _drawn = true;
    }

    public void End()
    {
        if (_drawn)
            terminal.WriteLine();
    }
}
