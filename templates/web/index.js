/** Everything a deck's page needs: importing this module defines the elements. */

import "./chips.js";
import "./live.js";
