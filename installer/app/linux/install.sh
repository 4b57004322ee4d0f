#!/bin/sh
# Puts the app into the menu of the person who runs this, opens labels with it, and `remove` takes all of it away again.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
data=${XDG_DATA_HOME:-$HOME/.local/share}
programs=$HOME/.local/bin
place=$data/sleapnn-gui/app

remove() {
    rm -rf "$place"
    rm -f "$programs/sleapnn-gui" "$programs/sleapnn-engine" "$data/applications/sleapnn-gui.desktop" \
        "$data/mime/packages/sleapnn-gui.xml" "$data/icons/hicolor/256x256/apps/sleapnn-gui.png"
}

refresh() {
    if command -v update-desktop-database >/dev/null; then update-desktop-database -q "$data/applications" || true; fi
    if command -v update-mime-database >/dev/null; then update-mime-database "$data/mime" || true; fi
}

if [ "${1:-install}" = remove ]; then
    remove
    refresh
    echo "sleapnn-gui is removed. Settings and runs stay where they are."
    exit 0
fi
remove
mkdir -p "$place" "$programs" "$data/applications" "$data/mime/packages" "$data/icons/hicolor/256x256/apps"
cp -R "$here/." "$place/"
ln -s "$place/sleapnn-gui" "$programs/sleapnn-gui"
ln -s "$place/sleapnn-engine" "$programs/sleapnn-engine"
sed "s|^Exec=sleapnn-gui|Exec=\"$place/sleapnn-gui\"|" "$here/share/sleapnn-gui.desktop" >"$data/applications/sleapnn-gui.desktop"
cp "$here/share/sleapnn-gui.xml" "$data/mime/packages/"
cp "$here/share/sleapnn-gui.png" "$data/icons/hicolor/256x256/apps/"
refresh
echo "sleapnn-gui is in the menu, and in $programs. \"$place/install.sh remove\" takes it away."
